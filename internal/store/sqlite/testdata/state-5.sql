-- A state.db of schema 5, as sqlite3 dumped it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-22 21:40:46');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-22 21:40:46');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-22 21:40:46');
INSERT INTO goose_db_version VALUES(4,3,1,'2026-11-22 21:40:46');
INSERT INTO goose_db_version VALUES(5,4,1,'2026-11-22 21:40:46');
INSERT INTO goose_db_version VALUES(6,5,1,'2026-11-22 21:40:46');
CREATE TABLE enrollment (
  enrollment_key INTEGER PRIMARY KEY,
  id             TEXT    NOT NULL UNIQUE,  -- '' holds what nobody could be named for
  type           TEXT    NOT NULL,
  parent_id      TEXT    NOT NULL,
  serial         TEXT    NOT NULL DEFAULT '',
  first_seen     INTEGER NOT NULL,
  last_seen      INTEGER NOT NULL,
  enabled        INTEGER NOT NULL DEFAULT 0,
  unread_dropped INTEGER NOT NULL DEFAULT 0
, enrolled_at INTEGER, awaiting INTEGER NOT NULL DEFAULT 0, erased_at INTEGER) STRICT;
INSERT INTO enrollment VALUES(1,'D1','Device','','SERIAL1',1772452800000,1772463600000,1,0,1772452800000,0,NULL);
INSERT INTO enrollment VALUES(2,'D2','Device','','',1772452800000,1772456400000,0,0,1772452800000,0,NULL);
CREATE TABLE evidence (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  enrollment           INTEGER NOT NULL REFERENCES enrollment,
  class                TEXT    NOT NULL,
  query                TEXT    NOT NULL,
  status               TEXT    NOT NULL,
  newest               INTEGER NOT NULL,  -- 1: of its enrollment, class, query and status
  command_uuid         TEXT    NOT NULL,
  received             INTEGER NOT NULL,
  size                 INTEGER NOT NULL,
  rewritten            INTEGER NOT NULL,
  sha256               BLOB    NOT NULL,
  received_sha256      BLOB    NOT NULL,
  canonical            BLOB    NOT NULL,
  refusal              TEXT    NOT NULL,
  last                 INTEGER NOT NULL,
  last_command_uuid    TEXT    NOT NULL,
  last_received_sha256 BLOB    NOT NULL,
  longest_gap          INTEGER NOT NULL,
  count                INTEGER NOT NULL,
  body                 BLOB    NOT NULL   -- zstd
, duplicate INTEGER NOT NULL DEFAULT 0, pruned INTEGER) STRICT;
INSERT INTO evidence VALUES(1,1,'checkin','Authenticate','',1,'',1772452800000,212,0,X'fbe7f4eb176d357924a364d9543f67b12a8fb0b2970c24260f25d392b923f4af',X'fbe7f4eb176d357924a364d9543f67b12a8fb0b2970c24260f25d392b923f4af',X'fbe7f4eb176d357924a364d9543f67b12a8fb0b2970c24260f25d392b923f4af','',1772452800000,'',X'fbe7f4eb176d357924a364d9543f67b12a8fb0b2970c24260f25d392b923f4af',0,1,X'28b52ffd04006d040042081d1e40cb2663441610428b243bebcccb9c9a771180a4b04594b990a8280a3001db921fe69c61691204275e6165881771bc83304cc3403b5fa9d3772471c32f3a5b96821c5beace574e8fcde75424e50f3b5fe9b6c4936e4b7e98aed20680c203b584823c5d12fcd10401a425f06219cf389ed5503407000e33845446694a4e45c9f8297906a70ba9645506ea121fa7',0,NULL);
INSERT INTO evidence VALUES(2,1,'checkin','TokenUpdate','',1,'',1772452800000,164,0,X'60b86515f256fed5ea84b154f102f8c0e156218c9f54da7f51573059b787b4d9',X'60b86515f256fed5ea84b154f102f8c0e156218c9f54da7f51573059b787b4d9',X'60b86515f256fed5ea84b154f102f8c0e156218c9f54da7f51573059b787b4d9','',1772452800000,'',X'60b86515f256fed5ea84b154f102f8c0e156218c9f54da7f51573059b787b4d9',0,1,X'28b52ffd04009d03001207181a7069155047e52503c9bd67bec75b0742b7846f58aca1a5aa3a372b9b5d3cc740a880d4ce373d7a99aca8de1b4ccb1e2fb275e7dbd1c799ce92ee1b76bee94a8597ae6c765117310300212973b0c70b2aef8511040c733cc8bd1c51b84302d105005e18a2a80d3b258fdc742195accac510cd44',0,NULL);
INSERT INTO evidence VALUES(3,1,'report','SecurityInfo','Acknowledged',0,'C1',1772456400000,34,0,X'a4fb80f586a153d97be6db98e7bb0f927f37b4b990a2ecc91fe84fa865a38a43',X'b00a3639ffadd6f9e4a9d9c3b3a878c2579ccfec4ff6219c274d2a9df758a2ee',X'ffdfd7bdc65917c2039f5371fd19cdd96248517e910fe89b28441f7f1d4655f0','',1772460000000,'C2',X'0187008c264b16971223b0309064603abade79292d04596132e011a57e5b113f',3600000,2,X'28b52ffd04001101003c706c6973743e443143315365637572697479496e666f6f6e653c2f706c6973743e749466b1',0,NULL);
INSERT INTO evidence VALUES(4,1,'report','SecurityInfo','Acknowledged',1,'C3',1772463600000,34,0,X'1f826e3edf8bc754eeb7ae78b4e68c2d9426ac524248c71615cc80055e307116',X'9b27024660e77cfdab005ba3de2e9bb1d413c576c74aebc27a40d232a11b018f',X'52ed70e2274fc7fc1997a7563606e34b487d8d8d3a0bcb23025184472c0233ae','',1772463600000,'C3',X'9b27024660e77cfdab005ba3de2e9bb1d413c576c74aebc27a40d232a11b018f',0,1,X'28b52ffd04001101003c706c6973743e443143335365637572697479496e666f74776f3c2f706c6973743e52b52faa',0,NULL);
INSERT INTO evidence VALUES(5,2,'checkin','TokenUpdate','',1,'',1772452800000,164,0,X'6ac2deffb59b22d0403057a629aa4ab68cd0c364ba99db31dbd804772a246df6',X'6ac2deffb59b22d0403057a629aa4ab68cd0c364ba99db31dbd804772a246df6',X'6ac2deffb59b22d0403057a629aa4ab68cd0c364ba99db31dbd804772a246df6','',1772452800000,'',X'6ac2deffb59b22d0403057a629aa4ab68cd0c364ba99db31dbd804772a246df6',0,1,X'28b52ffd0400a503001247181a7069155047e52503c9bd67bec75b0742b7847f478006175515de2b9b5d3c8780d001a99d6f7af4325951bd3798963d5e64ebceb7a38f339d25dd47ec7cd3950a2f5dd9eca22e620a004352e6608f1754de0d23080cccf120f77285e1120b440305005e18a2a80d3b258fdc742195acca375278ea',0,NULL);
INSERT INTO evidence VALUES(6,2,'checkin','CheckOut','',1,'',1772456400000,161,0,X'91d21abe4ff62ab2166258ae327ce2b2472425f4933aef30f155a82d9e29a644',X'91d21abe4ff62ab2166258ae327ce2b2472425f4933aef30f155a82d9e29a644',X'91d21abe4ff62ab2166258ae327ce2b2472425f4933aef30f155a82d9e29a644','',1772456400000,'',X'91d21abe4ff62ab2166258ae327ce2b2472425f4933aef30f155a82d9e29a644',0,1,X'28b52ffd0400ad0300e286181c606d13636dc6a53b2553d6df0ef062d35c854e2d14c526216d51c420dabc0ea644500aa11a8d6f99b21f8ab6ce30287beb684e8d6f290f2373b6607e42e35b6aaf75529bd7c1d405150007a6410a7beb3ceb3d4182c00029ef59761c92b84664c905005b18a2a80d2f25cf69ba854a567aba999492',0,NULL);
CREATE TABLE sweep (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  begun INTEGER NOT NULL
, ended INTEGER, group_name TEXT NOT NULL DEFAULT '', asked      INTEGER NOT NULL DEFAULT 0, answered   INTEGER NOT NULL DEFAULT 0, notnow     INTEGER NOT NULL DEFAULT 0, errors     INTEGER NOT NULL DEFAULT 0, silent     INTEGER NOT NULL DEFAULT 0, unreadable INTEGER NOT NULL DEFAULT 0, settling   INTEGER NOT NULL DEFAULT 0, commands   INTEGER NOT NULL DEFAULT 0, lost       INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE ledger (
  ledger_key   INTEGER PRIMARY KEY,
  enrollment   TEXT    NOT NULL,
  query        TEXT    NOT NULL,
  command_uuid TEXT    NOT NULL,  -- '' until the transport has given one
  sweep        INTEGER NOT NULL,
  asked_at     INTEGER NOT NULL,
  answered_at  INTEGER,
  answer       BLOB,              -- received_sha256 of the answer
  status       TEXT    NOT NULL,
  notnow       INTEGER NOT NULL,
  last_push    INTEGER,
  dropped      INTEGER NOT NULL DEFAULT 0  -- 1: the device enrolled anew or left, its queue is gone
, last_error TEXT NOT NULL DEFAULT '', lost INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO ledger VALUES(1,'D1','ProfileList/all','C4',1,1772452800000,NULL,NULL,'NotNow',2,NULL,0,'',0);
CREATE TABLE nano_enrollment (
  id                       TEXT    NOT NULL PRIMARY KEY,
  parent_id                TEXT    NOT NULL,            -- '' of a device channel
  type                     TEXT    NOT NULL,
  enabled                  INTEGER NOT NULL DEFAULT 0,
  tally                    INTEGER NOT NULL DEFAULT 0,  -- of TokenUpdate, since the last Authenticate
  topic                    TEXT    NOT NULL DEFAULT '',
  push_magic               TEXT    NOT NULL DEFAULT '',
  push_token               BLOB,
  unlock_token             BLOB,
  bootstrap_token          BLOB,
  authenticate             BLOB,                        -- the messages as NanoMDM was given them
  token_update             BLOB,
  user_authenticate        BLOB,
  user_authenticate_digest BLOB
) STRICT;
INSERT INTO nano_enrollment VALUES('D1','','Device',1,0,'','magic',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE nano_certificate (
  hash    TEXT    NOT NULL PRIMARY KEY,
  id      TEXT    NOT NULL,
  current INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE nano_push_certificate (
  topic       TEXT    NOT NULL PRIMARY KEY,
  certificate BLOB    NOT NULL,  -- PEM, as the key
  key         BLOB    NOT NULL,
  version     INTEGER NOT NULL   -- rises when it is replaced
) STRICT;
CREATE TABLE nano_queue (
  place        INTEGER PRIMARY KEY AUTOINCREMENT,
  enrollment   TEXT    NOT NULL,
  command_uuid TEXT    NOT NULL,
  query        TEXT    NOT NULL,  -- as package mdm names it
  command      BLOB    NOT NULL,  -- empty once it is done
  queued_at    INTEGER NOT NULL,
  done_at      INTEGER,           -- NULL while it waits for an answer
  status       TEXT    NOT NULL DEFAULT ''  -- of the last report; of what was never answered: cleared, replaced
) STRICT;
CREATE TABLE inventory (
  serial      TEXT NOT NULL PRIMARY KEY,
  asset_tag   TEXT NOT NULL,
  site        TEXT NOT NULL,
  ward        TEXT NOT NULL,
  owner_role  TEXT NOT NULL,
  group_name  TEXT NOT NULL,
  expected_by INTEGER  -- NULL: now
) STRICT, WITHOUT ROWID;
CREATE TABLE act (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  at    INTEGER NOT NULL,
  kind  TEXT    NOT NULL,
  actor TEXT    NOT NULL,  -- a pseudonym, or empty
  body  BLOB    NOT NULL,  -- JSON
  salt  BLOB    NOT NULL
) STRICT;
CREATE TABLE chain_secret (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  secret BLOB    NOT NULL
) STRICT;
CREATE TABLE consumed (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  through INTEGER NOT NULL
) STRICT;
INSERT INTO consumed VALUES(1,0);
CREATE TABLE evidence_gone (
  id              INTEGER PRIMARY KEY,
  sha256          BLOB    NOT NULL,
  received_sha256 BLOB    NOT NULL,
  received        INTEGER NOT NULL
) STRICT;
CREATE TABLE hold (
  hold_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  device      TEXT    NOT NULL,  -- enrollment id; '': all devices
  serial      TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  added_at    INTEGER NOT NULL,
  released_at INTEGER            -- NULL: it is on
) STRICT;
CREATE TABLE privacy_key (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  key BLOB    NOT NULL
) STRICT;
INSERT INTO privacy_key VALUES(1,X'99f44b721a13eae757dafce43aaca4d13ffc910fdced1cbf3b005387c0669705');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',6);
INSERT INTO sqlite_sequence VALUES('evidence',6);
CREATE INDEX enrollment_parent ON enrollment (parent_id) WHERE parent_id <> '';
CREATE UNIQUE INDEX evidence_newest ON evidence (enrollment, class, query, status) WHERE newest = 1;
CREATE INDEX evidence_older ON evidence (enrollment, query, id) WHERE newest = 0;
CREATE INDEX evidence_command ON evidence (command_uuid) WHERE command_uuid <> '';
CREATE INDEX evidence_sha256 ON evidence (sha256);
CREATE INDEX evidence_unread ON evidence (enrollment, id) WHERE class = 'unread';
CREATE UNIQUE INDEX ledger_outstanding ON ledger (enrollment, query) WHERE answered_at IS NULL AND dropped = 0;
CREATE UNIQUE INDEX ledger_command ON ledger (command_uuid) WHERE command_uuid <> '';
CREATE INDEX ledger_sweep ON ledger (sweep);
CREATE INDEX evidence_duplicate ON evidence (enrollment, id) WHERE duplicate = 1;
CREATE INDEX nano_enrollment_parent ON nano_enrollment (parent_id) WHERE parent_id <> '';
CREATE UNIQUE INDEX nano_certificate_current ON nano_certificate (id) WHERE current = 1;
CREATE UNIQUE INDEX nano_queue_command ON nano_queue (command_uuid, enrollment);
CREATE INDEX nano_queue_waiting ON nano_queue (enrollment, place) WHERE done_at IS NULL;
CREATE INDEX nano_queue_done ON nano_queue (done_at) WHERE done_at IS NOT NULL;
CREATE TRIGGER evidence_dropped AFTER DELETE ON evidence WHEN OLD.id <= (SELECT through FROM consumed WHERE one = 1)
BEGIN
  INSERT OR REPLACE INTO evidence_gone VALUES (OLD.id, OLD.sha256, OLD.received_sha256, OLD.received);
END;
CREATE INDEX evidence_last ON evidence (last) WHERE pruned IS NULL;
COMMIT;
PRAGMA application_id = 1464095572;
PRAGMA user_version = 5;
