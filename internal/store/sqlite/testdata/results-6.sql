-- A results.db of schema 6, as sqlite3 dumped it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-22 23:47:14');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-22 23:47:14');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-22 23:47:14');
INSERT INTO goose_db_version VALUES(4,3,1,'2026-11-22 23:47:14');
INSERT INTO goose_db_version VALUES(5,4,1,'2026-11-22 23:47:14');
INSERT INTO goose_db_version VALUES(6,5,1,'2026-11-22 23:47:14');
INSERT INTO goose_db_version VALUES(7,6,1,'2026-11-22 23:47:14');
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES(6);
CREATE TABLE meta (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  as_of  INTEGER NOT NULL,
  tool   TEXT    NOT NULL,
  cursor INTEGER NOT NULL
, published INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO meta VALUES(1,1772539200,'v0.1.0',4,0);
CREATE TABLE text (
  text_key INTEGER PRIMARY KEY,
  text     TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO text VALUES(1,'Requirement 0 holds');
INSERT INTO text VALUES(2,'it does not hold');
INSERT INTO text VALUES(3,'The setting is not in force.');
INSERT INTO text VALUES(4,'Install the profile.');
INSERT INTO text VALUES(5,'DeviceInformation');
INSERT INTO text VALUES(6,'');
INSERT INTO text VALUES(7,'Acknowledged');
INSERT INTO text VALUES(8,'Requirement 1 holds');
INSERT INTO text VALUES(9,'it holds');
INSERT INTO text VALUES(10,'It is as required.');
INSERT INTO text VALUES(11,'SecurityInfo');
INSERT INTO text VALUES(12,'Requirement 2 holds');
INSERT INTO text VALUES(13,'ProfileList');
INSERT INTO text VALUES(14,'identity');
INSERT INTO text VALUES(15,'issued by Clinic CA');
INSERT INTO text VALUES(16,'Restrictions');
INSERT INTO text VALUES(17,'InstalledApplicationList');
INSERT INTO text VALUES(18,'CertificateList');
CREATE TABLE reason (
  reason    TEXT PRIMARY KEY,
  sentence  TEXT NOT NULL,
  fix_by    TEXT NOT NULL,
  next_step TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO reason VALUES('as-required','The setting is as the requirement wants it.','nobody','Nothing needs to be done.');
INSERT INTO reason VALUES('setting-not-in-force','The setting is not in force.','the MDM administrator','Install a profile that sets it.');
INSERT INTO reason VALUES('stale','The evidence is older than the requirement allows.','whoever runs the sweep','For whoever runs the sweep: Bring the device online and sweep again.');
CREATE TABLE baseline (
  baseline_key INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  position     INTEGER NOT NULL,
  version      INTEGER REFERENCES baseline_version,  -- NULL: not judged in the last round
  expected     INTEGER NOT NULL,
  asked        INTEGER NOT NULL,
  answered     INTEGER NOT NULL
, valid_from INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO baseline VALUES(1,'base',0,1,3,3,3,1772539200);
CREATE TABLE baseline_version (
  version_key  INTEGER PRIMARY KEY,
  baseline     INTEGER NOT NULL REFERENCES baseline,
  version      TEXT    NOT NULL,
  digest       TEXT    NOT NULL,
  title        TEXT    NOT NULL,
  first_judged INTEGER NOT NULL,
  UNIQUE (baseline, version, digest, title)
) STRICT;
INSERT INTO baseline_version VALUES(1,1,'1.0','d1','A baseline',1772452800);
CREATE TABLE requirement (
  requirement_key INTEGER PRIMARY KEY,
  baseline        INTEGER NOT NULL REFERENCES baseline,
  id              TEXT    NOT NULL,
  UNIQUE (baseline, id)
) STRICT;
INSERT INTO requirement VALUES(1,1,'req_003');
INSERT INTO requirement VALUES(2,1,'req_002');
INSERT INTO requirement VALUES(3,1,'req_001');
CREATE TABLE requirement_version (
  version     INTEGER NOT NULL REFERENCES baseline_version,
  requirement INTEGER NOT NULL REFERENCES requirement,
  position    INTEGER NOT NULL,
  title       TEXT    NOT NULL,
  level       TEXT    NOT NULL,
  severity    TEXT    NOT NULL,
  PRIMARY KEY (version, requirement)
) STRICT, WITHOUT ROWID;
INSERT INTO requirement_version VALUES(1,1,0,'Requirement 0','required','high');
INSERT INTO requirement_version VALUES(1,2,1,'Requirement 1','required','medium');
INSERT INTO requirement_version VALUES(1,3,2,'Requirement 2','required','low');
CREATE TABLE device (
  device_key      INTEGER PRIMARY KEY,
  id              TEXT    NOT NULL UNIQUE,
  serial          TEXT    NOT NULL DEFAULT '',
  platform        TEXT    NOT NULL DEFAULT '',
  os              TEXT    NOT NULL DEFAULT '',
  model           TEXT    NOT NULL DEFAULT '',
  supervised      TEXT    NOT NULL DEFAULT '',
  enrollment_type TEXT    NOT NULL DEFAULT '',
  asset_tag       TEXT    NOT NULL DEFAULT '',
  site            TEXT    NOT NULL DEFAULT '',
  ward            TEXT    NOT NULL DEFAULT '',
  owner_role      TEXT    NOT NULL DEFAULT '',
  asked           INTEGER NOT NULL DEFAULT 0,
  answered        INTEGER NOT NULL DEFAULT 0,
  last_seen       INTEGER,
  gone_since      INTEGER,           -- not in the last round
  digest          BLOB,              -- of its verdicts as kept; equal: nothing to write
  fresh_min       INTEGER NOT NULL DEFAULT 0
, inputs BLOB, aging INTEGER REFERENCES aging, rejudge_at INTEGER, rejudge_min INTEGER, asset_group TEXT NOT NULL DEFAULT '', listed INTEGER NOT NULL DEFAULT 0, build TEXT NOT NULL DEFAULT '', profiles INTEGER REFERENCES text, group_list INTEGER REFERENCES text, valid_from INTEGER NOT NULL DEFAULT 0, shape BLOB, changed INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO device VALUES(0,'','','','','','','','','','','',0,0,NULL,NULL,X'709e80c88487a2411e1ee4dfb9f22a86',253402300799,NULL,NULL,NULL,NULL,'',0,'',NULL,NULL,0,X'e3b0c44298fc1c149afbf4c8996fb924',0);
INSERT INTO device VALUES(1,'device-000000','SERIAL000000','iPadOS','18.1','iPad14,1','yes','Device','','','','',1,1,1772539200,NULL,X'da12f29045dd4054593db2ecb51a356e',1772712000,X'2fdf8c1f974203295ef62cd510430dac',1,NULL,NULL,'',0,'',NULL,NULL,1772452800,X'f89a9a38c308b7fe00d587a8ec396d28',1772452800);
INSERT INTO device VALUES(2,'device-000001','SERIAL000001','iPadOS','18.1','iPad14,1','yes','Device','','','','',1,1,1772539200,NULL,X'ad6195ff97f33e2b8f2bbc6875dd7f64',1772712000,X'890b520357f977b52bf9c4accc688bd3',4,NULL,NULL,'',0,'',NULL,NULL,1772452800,X'd80ae5a0edfd0e5241fece9f6e24b5f6',1772539200);
INSERT INTO device VALUES(3,'device-000002','SERIAL000002','iPadOS','18.1','iPad14,1','yes','Device','','','','',1,1,1772539200,NULL,X'ebac2116fc22194a4dcdcf3b3dd146bf',1772712000,X'0a8df02407a602a223520a86152ea2cc',2,NULL,NULL,'',0,'',NULL,NULL,1772452800,X'28d8d80bae8cf62b0dbad79f704ad4d5',1772452800);
INSERT INTO device VALUES(4,'device-000003','SERIAL000003','iPadOS','18.1','iPad14,1','yes','Device','','','','',1,1,1772452800,1772539200,NULL,0,NULL,NULL,NULL,NULL,'',0,'',NULL,NULL,1772452800,NULL,1772452800);
CREATE TABLE device_group (
  device     INTEGER NOT NULL REFERENCES device,
  position   INTEGER NOT NULL,
  group_name TEXT    NOT NULL,
  PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE observation (
  device      INTEGER NOT NULL REFERENCES device,
  channel     INTEGER NOT NULL REFERENCES text,
  query       INTEGER NOT NULL REFERENCES text,
  status      INTEGER NOT NULL REFERENCES text,
  sha256      BLOB    NOT NULL,
  since       INTEGER NOT NULL,
  last        INTEGER NOT NULL,
  longest_gap INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (device, channel, query, status)
) STRICT, WITHOUT ROWID;
INSERT INTO observation VALUES(1,6,5,7,X'3db937f9b048b82a9a41da55e08109184859d33e20ad065f2a39292a6d19f8b6',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(1,6,11,7,X'4812d673777f5bdf7553cd215b658ffff483cb24ab5a739212c5ea5105c7e2bc',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(1,6,13,7,X'e139ed5dcc5ac75acb81795a7f0bc9e06aaea710c902fa19bc875ceb796f1911',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(1,6,16,7,X'237aa4665dda935c7d3d58b6bcf821167a7cb680fddf82441135d891d78a07af',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(1,6,17,7,X'8a3f668b8855865860cc46f3c257e66ee2c0dd8cc46f28f8f410b2082d587b87',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(1,6,18,7,X'bb69efea05838a3342187309fb6599c1760374199f80677f66d1dfad7722d084',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(2,6,5,7,X'9d67ee312e620f0b3bb58a0a3a3c4fc6448ff74a47424da51fed99ac255f6377',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(2,6,11,7,X'e96694894ce4a3ad30b199151e04efd3de7ce3fcb46439e356aded6ef280f923',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(2,6,13,7,X'2a42c5c76cfc2ed43774d2cc4145fde51deb76b31390ae7be9b42088b7050d7c',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(2,6,16,7,X'88f633b10bd13fc79972fc00f9bcc9d2de104614215269b97f0b7df4253d5143',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(2,6,17,7,X'5d37f83e292629d24a413cb42561d0a227eeed675bcd2f0787708126a5b58dc2',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(2,6,18,7,X'6c29ad8a7e6849c4a06dfea95c476a31caf2dbaf54e47b68cbc552771c38a701',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(3,6,5,7,X'470e99bcb0250f5ecccd0e90b7766b30ef3324223b7eb51de7934c81c74555f4',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(3,6,11,7,X'7295249380527c4ec81692eff2fd5d1d1dbf071388f1fd6fe4258bd4eba13882',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(3,6,13,7,X'99088988d9566236f4be5a53b9e965b300973c4e360d38d89ccb262366055f42',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(3,6,16,7,X'6e83ad71995d9f45d90f70698a062fcf7c92991388dc767bae399207d238f52e',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(3,6,17,7,X'cd71b7116b221ecdcdcec7a1a2029854368155eb4aad402f6cdce9fca6015023',1772452800,1772539200,0,2);
INSERT INTO observation VALUES(3,6,18,7,X'70009e367a4a4115cb5aa7785840185008c5cff22f70be3aeb05fae438081f90',1772452800,1772539200,0,2);
CREATE TABLE evidence_set (
  evidence_key INTEGER PRIMARY KEY,
  sum          BLOB NOT NULL UNIQUE
) STRICT;
INSERT INTO evidence_set VALUES(1,X'6dbbbf873202b0fe490b2648ba585806');
INSERT INTO evidence_set VALUES(2,X'6a83e8e92bed014e9e27c1c08b8b5a30');
INSERT INTO evidence_set VALUES(3,X'63d70f974ee0f97f8618de585422ef6d');
CREATE TABLE evidence_ref (
  evidence  INTEGER NOT NULL REFERENCES evidence_set,
  position  INTEGER NOT NULL,
  request   INTEGER NOT NULL REFERENCES text,  -- RequestType or MessageType
  query     INTEGER NOT NULL REFERENCES text,  -- the same with its parameters
  channel   INTEGER NOT NULL REFERENCES text,
  status    INTEGER NOT NULL REFERENCES text,
  sha256    TEXT,
  collected INTEGER, missing INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (evidence, position)
) STRICT, WITHOUT ROWID;
INSERT INTO evidence_ref VALUES(1,0,5,5,6,7,NULL,NULL,0);
INSERT INTO evidence_ref VALUES(1,1,5,5,6,7,NULL,NULL,0);
INSERT INTO evidence_ref VALUES(2,0,11,11,6,7,NULL,NULL,0);
INSERT INTO evidence_ref VALUES(2,1,5,5,6,7,NULL,NULL,0);
INSERT INTO evidence_ref VALUES(3,0,13,13,6,7,NULL,NULL,0);
INSERT INTO evidence_ref VALUES(3,1,5,5,6,7,NULL,NULL,0);
CREATE TABLE finding (
  finding_key INTEGER PRIMARY KEY,
  sum         BLOB    NOT NULL UNIQUE,
  result      TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  assurance   TEXT    NOT NULL,
  level       TEXT    NOT NULL,
  severity    TEXT    NOT NULL,
  max_age     INTEGER NOT NULL,
  expected    INTEGER NOT NULL REFERENCES text,
  observed    INTEGER NOT NULL REFERENCES text,
  message     INTEGER NOT NULL REFERENCES text,
  next_step   INTEGER NOT NULL REFERENCES text
) STRICT;
INSERT INTO finding VALUES(1,X'967d0fd435e3de177bc4750b8a15df14','fail','setting-not-in-force','','required','high',172800,1,2,3,4);
INSERT INTO finding VALUES(2,X'1a14aa365882296642e554b12ee28b02','pass','as-required','enforced','required','medium',172800,8,9,10,6);
INSERT INTO finding VALUES(3,X'ae831d400a7061124de2bfd807e1ce7c','pass','as-required','enforced','required','low',172800,12,9,10,6);
INSERT INTO finding VALUES(4,X'a01980256f5083a1407a8a33513baaec','pass','as-required','enforced','required','high',172800,1,9,10,6);
INSERT INTO finding VALUES(5,X'0b3628885f77932dfa290d9d57a803a5','fail','setting-not-in-force','','required','medium',172800,8,2,3,4);
INSERT INTO finding VALUES(6,X'f2ddffea2df40171eeb47ac8765a5655','fail','setting-not-in-force','','required','low',172800,12,2,3,4);
CREATE TABLE verdict (
  device      INTEGER NOT NULL REFERENCES device,
  requirement INTEGER NOT NULL REFERENCES requirement,
  baseline    INTEGER NOT NULL REFERENCES baseline,
  finding     INTEGER NOT NULL REFERENCES finding,
  evidence    INTEGER NOT NULL,  -- 0: none
  result      INTEGER NOT NULL,
  severity    INTEGER NOT NULL,
  since       INTEGER NOT NULL,  -- first of the intervals in a row with this result
  valid_from  INTEGER NOT NULL,
  fresh_until INTEGER,           -- NULL: oldest evidence + max_age; 0: does not age
  rejudge_at  INTEGER,           -- NULL: as fresh_until; 0: never
  PRIMARY KEY (device, requirement)
) STRICT, WITHOUT ROWID;
INSERT INTO verdict VALUES(1,1,1,1,1,2,1,1772452800,1772452800,NULL,0);
INSERT INTO verdict VALUES(1,2,1,2,2,1,2,1772452800,1772452800,NULL,0);
INSERT INTO verdict VALUES(1,3,1,3,3,1,3,1772452800,1772452800,NULL,0);
INSERT INTO verdict VALUES(2,1,1,4,1,1,1,1772452800,1772452800,NULL,0);
INSERT INTO verdict VALUES(2,2,1,2,2,1,2,1772452800,1772452800,NULL,0);
INSERT INTO verdict VALUES(2,3,1,6,3,2,3,1772539200,1772539200,NULL,0);
INSERT INTO verdict VALUES(3,1,1,4,1,1,1,1772452800,1772452800,NULL,0);
INSERT INTO verdict VALUES(3,2,1,2,2,1,2,1772452800,1772452800,NULL,0);
INSERT INTO verdict VALUES(3,3,1,3,3,1,3,1772452800,1772452800,NULL,0);
CREATE TABLE verdict_past (
  device      INTEGER NOT NULL REFERENCES device,
  requirement INTEGER NOT NULL REFERENCES requirement,
  valid_from  INTEGER NOT NULL,
  valid_to    INTEGER NOT NULL,
  finding     INTEGER NOT NULL REFERENCES finding,
  evidence    INTEGER NOT NULL,
  fresh_until INTEGER NOT NULL,  -- as it was when the interval closed; 0: did not age
  PRIMARY KEY (device, requirement, valid_from)
) STRICT, WITHOUT ROWID;
INSERT INTO verdict_past VALUES(2,3,1772452800,1772539200,3,3,1772625600);
INSERT INTO verdict_past VALUES(4,1,1772452800,1772539200,4,1,1772625600);
INSERT INTO verdict_past VALUES(4,2,1772452800,1772539200,5,2,1772625600);
INSERT INTO verdict_past VALUES(4,3,1772452800,1772539200,3,3,1772625600);
CREATE TABLE device_status (
  baseline         INTEGER NOT NULL REFERENCES baseline,
  device           INTEGER NOT NULL REFERENCES device,
  n_fail_high      INTEGER NOT NULL,
  n_fail           INTEGER NOT NULL,
  n_unknown        INTEGER NOT NULL,
  fail_fresh_until INTEGER NOT NULL,
  pass_fresh_until INTEGER NOT NULL,
  judged_until     INTEGER NOT NULL,
  fresh_min        INTEGER NOT NULL,
  valid_from       INTEGER NOT NULL,
  PRIMARY KEY (baseline, device)
) STRICT, WITHOUT ROWID;
INSERT INTO device_status VALUES(1,1,1,1,0,1772712000,0,1772712000,1772712000,1772452800);
INSERT INTO device_status VALUES(1,2,0,1,0,1772712000,0,1772712000,1772712000,1772539200);
INSERT INTO device_status VALUES(1,3,0,0,0,0,1772712000,1772712000,1772712000,1772452800);
CREATE TABLE device_status_past (
  baseline         INTEGER NOT NULL REFERENCES baseline,
  device           INTEGER NOT NULL REFERENCES device,
  valid_from       INTEGER NOT NULL,
  valid_to         INTEGER NOT NULL,
  n_fail_high      INTEGER NOT NULL,
  n_fail           INTEGER NOT NULL,
  n_unknown        INTEGER NOT NULL,
  fail_fresh_until INTEGER NOT NULL,
  pass_fresh_until INTEGER NOT NULL,
  judged_until     INTEGER NOT NULL,
  fresh_min        INTEGER NOT NULL,
  PRIMARY KEY (baseline, device, valid_from)
) STRICT, WITHOUT ROWID;
INSERT INTO device_status_past VALUES(1,2,1772452800,1772539200,0,0,0,0,1772625600,1772625600,1772625600);
INSERT INTO device_status_past VALUES(1,4,1772452800,1772539200,0,1,0,1772625600,0,1772625600,1772625600);
CREATE TABLE sweep (
  sweep_key  INTEGER PRIMARY KEY,
  started    INTEGER NOT NULL,
  ended      INTEGER NOT NULL,
  asked      INTEGER NOT NULL,
  answered   INTEGER NOT NULL,
  notnow     INTEGER NOT NULL,
  errors     INTEGER NOT NULL,
  silent     INTEGER NOT NULL,
  unreadable INTEGER NOT NULL
, settling INTEGER NOT NULL DEFAULT 0, commands INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0, group_name TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE problem (
  position INTEGER PRIMARY KEY,
  path     TEXT NOT NULL,
  code     TEXT NOT NULL,
  message  TEXT NOT NULL
) STRICT;
CREATE TABLE expiring (
  device    INTEGER NOT NULL REFERENCES device,
  position  INTEGER NOT NULL,
  what      INTEGER NOT NULL REFERENCES text,
  detail    INTEGER NOT NULL REFERENCES text,
  not_after INTEGER NOT NULL,
  PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;
INSERT INTO expiring VALUES(1,0,14,15,1781096400);
INSERT INTO expiring VALUES(2,0,14,15,1781096400);
INSERT INTO expiring VALUES(3,0,14,15,1781096400);
CREATE TABLE aging (
  aging_key INTEGER PRIMARY KEY,
  sum       BLOB NOT NULL UNIQUE,
  rule      TEXT NOT NULL
) STRICT;
INSERT INTO aging VALUES(1,X'977230c06405de8644ffd90bdf77d7fd','{"Standings":[{"Baseline":1,"FailHigh":1,"Fail":1,"Open":0,"Fails":[{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800}],"Passes":[{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":11,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800},{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":13,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800}]}],"Others":null,"Stale":null}');
INSERT INTO aging VALUES(2,X'fdc51b70826c0d52f29040f07c12aa56','{"Standings":[{"Baseline":1,"FailHigh":0,"Fail":0,"Open":0,"Fails":null,"Passes":[{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800},{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":11,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800},{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":13,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800}]}],"Others":null,"Stale":null}');
INSERT INTO aging VALUES(3,X'd772adede6f2ab1c7ee311214981f71e','{"Standings":[{"Baseline":1,"FailHigh":0,"Fail":1,"Open":0,"Fails":[{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":11,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800}],"Passes":[{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800},{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":13,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800}]}],"Others":null,"Stale":null}');
INSERT INTO aging VALUES(4,X'fe0f2a2f910fd43443448262b21013d8','{"Standings":[{"Baseline":1,"FailHigh":0,"Fail":1,"Open":0,"Fails":[{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":13,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800}],"Passes":[{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800},{"Fixed":253402300799,"Slots":[{"Channel":6,"Query":11,"Status":7},{"Channel":6,"Query":5,"Status":7}],"MaxAge":172800}]}],"Others":null,"Stale":null}');
CREATE TABLE device_problem (
  device   INTEGER NOT NULL REFERENCES device,
  position INTEGER NOT NULL,
  path     INTEGER NOT NULL REFERENCES text,
  code     INTEGER NOT NULL REFERENCES text,
  message  INTEGER NOT NULL REFERENCES text,
  PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE inventory (
  serial      TEXT PRIMARY KEY,
  asset_tag   TEXT NOT NULL,
  site        TEXT NOT NULL,
  ward        TEXT NOT NULL,
  owner_role  TEXT NOT NULL,
  group_name  TEXT NOT NULL,
  expected_by INTEGER           -- NULL: now
) STRICT, WITHOUT ROWID;
CREATE TABLE inventory_digest (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  inventory BLOB
) STRICT;
CREATE TABLE tool (
  valid_from INTEGER PRIMARY KEY,
  version    TEXT NOT NULL
) STRICT;
INSERT INTO tool VALUES(1772452800,'v0.1.0');
CREATE TABLE device_past (
  device          INTEGER NOT NULL REFERENCES device,
  valid_from      INTEGER NOT NULL,
  valid_to        INTEGER NOT NULL,
  gone            INTEGER NOT NULL,  -- it left then, and came back later
  id              TEXT    NOT NULL,
  serial          TEXT    NOT NULL,
  platform        TEXT    NOT NULL,
  os              TEXT    NOT NULL,
  build           TEXT    NOT NULL,
  model           TEXT    NOT NULL,
  supervised      TEXT    NOT NULL,
  enrollment_type TEXT    NOT NULL,
  asset_tag       TEXT    NOT NULL,
  site            TEXT    NOT NULL,
  ward            TEXT    NOT NULL,
  owner_role      TEXT    NOT NULL,
  asset_group     TEXT    NOT NULL,
  profiles        INTEGER REFERENCES text,
  group_list      INTEGER REFERENCES text,
  asked           INTEGER NOT NULL,
  answered        INTEGER NOT NULL,
  PRIMARY KEY (device, valid_from)
) STRICT, WITHOUT ROWID;
CREATE TABLE baseline_past (
  baseline   INTEGER NOT NULL REFERENCES baseline,
  valid_from INTEGER NOT NULL,
  valid_to   INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  version    INTEGER REFERENCES baseline_version,
  expected   INTEGER NOT NULL,
  asked      INTEGER NOT NULL,
  answered   INTEGER NOT NULL,
  PRIMARY KEY (baseline, valid_from)
) STRICT, WITHOUT ROWID;
INSERT INTO baseline_past VALUES(1,1772452800,1772539200,0,1,4,4,4);
CREATE TABLE trend_daily (
  baseline INTEGER NOT NULL REFERENCES baseline,
  zone     TEXT    NOT NULL,
  day      TEXT    NOT NULL,
  as_of    INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  enrolled INTEGER NOT NULL,
  asked    INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  judged   INTEGER NOT NULL,
  met      INTEGER NOT NULL,
  not_met  INTEGER NOT NULL,
  PRIMARY KEY (baseline, zone, day)
) STRICT, WITHOUT ROWID;
INSERT INTO trend_daily VALUES(1,'UTC','2026-03-02',1772452800,4,4,4,4,4,2,2);
INSERT INTO trend_daily VALUES(1,'UTC','2026-03-03',1772539200,3,3,3,3,3,1,2);
CREATE TABLE waiver (
  id              TEXT    NOT NULL,
  baseline        TEXT    NOT NULL,
  requirement     TEXT    NOT NULL,
  device          TEXT    NOT NULL,
  group_name      TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  owner           TEXT    NOT NULL,
  ticket          TEXT    NOT NULL,
  approver        TEXT    NOT NULL,
  evidence_sha256 TEXT    NOT NULL,
  created         INTEGER NOT NULL,
  approved        INTEGER,            -- NULL: not yet
  expires         INTEGER NOT NULL,
  revoked         INTEGER,
  PRIMARY KEY (requirement, id, device, group_name)
) STRICT, WITHOUT ROWID;
CREATE TABLE attestation (
  id              TEXT    NOT NULL,
  baseline        TEXT    NOT NULL,
  requirement     TEXT    NOT NULL,
  device          TEXT    NOT NULL,
  group_name      TEXT    NOT NULL,
  statement       TEXT    NOT NULL,
  author          TEXT    NOT NULL,
  evidence_sha256 TEXT    NOT NULL,
  created         INTEGER NOT NULL,
  expires         INTEGER NOT NULL,
  revoked         INTEGER,
  void            TEXT    NOT NULL,  -- what contradicts it; empty: nothing
  PRIMARY KEY (requirement, id, device, group_name)
) STRICT, WITHOUT ROWID;
CREATE TABLE chain (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  body        BLOB,              -- canonical JSON; NULL: dropped, its digest stays
  body_sha256 BLOB    NOT NULL,
  prev        BLOB    NOT NULL,
  hash        BLOB    NOT NULL
) STRICT;
INSERT INTO chain VALUES(1,1772452800,'genesis',X'7b22636861696e223a223632306433336363393865316339373337386662303738383166303762323935222c22746f6f6c223a2276302e312e30227d',X'd7c8b8e88330d698a180d06530fe56d7ef4c54bd7cee0a9c57be471341d89cae',X'0000000000000000000000000000000000000000000000000000000000000000',X'b62a2d9a633bc45dbec914b360ae7426ad6d91066e664fddb92271ae6ab0a73d');
INSERT INTO chain VALUES(2,1772452800,'round',X'7b226166746572223a302c2261735f6f66223a313737323435323830302c22626173656c696e6573223a5b7b22646967657374223a226431222c226964223a2262617365222c2276657273696f6e223a22312e30227d5d2c226368616e676573223a7b22636f756e74223a31322c22736861323536223a2233656465386339366337346238653163623836636662316265313036666462313131316238663134383237366466343362346665666130313763333766643963227d2c2264657669636573223a342c2265766964656e6365223a7b22636f756e74223a302c22736861323536223a2233373635393063396335383266306630363461663638663461613337396466346135646238313930353930383962323562633934613939643133646133666261227d2c227468726f756768223a342c22746f6f6c223a2276302e312e30227d',X'5ddd37809f297d878f99e55379c1dab4987443ebb647011e1016e1834d09f084',X'b62a2d9a633bc45dbec914b360ae7426ad6d91066e664fddb92271ae6ab0a73d',X'f76cdfded964f2b669dc02f288265bdc343c402d2d3c3aa2cbb3d81530de54d6');
INSERT INTO chain VALUES(3,1772539200,'round',X'7b226166746572223a342c2261735f6f66223a313737323533393230302c22626173656c696e6573223a5b7b22646967657374223a226431222c226964223a2262617365222c2276657273696f6e223a22312e30227d5d2c226368616e676573223a7b22636f756e74223a342c22736861323536223a2262386362313631386465303836646662623130316361623934613662396531646330303639343661643533303330386239313361376464663961633239366161227d2c2264657669636573223a332c2265766964656e6365223a7b22636f756e74223a302c22736861323536223a2233373635393063396335383266306630363461663638663461613337396466346135646238313930353930383962323562633934613939643133646133666261227d2c227468726f756768223a342c22746f6f6c223a2276302e312e30227d',X'15b0c38ddac6f874d71e9c662ad92a7aebd6ff922fec9d1b1e5141e27fa64685',X'f76cdfded964f2b669dc02f288265bdc343c402d2d3c3aa2cbb3d81530de54d6',X'90dfb40995361b727a963d9a60a145c11d32f562ed39c9105c2eda19f1fe2d50');
CREATE TABLE chain_act (
  act INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT;
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  at  INTEGER NOT NULL
) STRICT;
INSERT INTO clock VALUES(1,1772539200);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',7);
CREATE INDEX device_group_name ON device_group (group_name, device);
CREATE INDEX verdict_failing ON verdict (baseline, severity, since, device) WHERE result = 2;
CREATE VIEW _device AS
SELECT d.device_key, d.id AS device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role,
  coalesce((SELECT group_name FROM device_group WHERE device = d.device_key ORDER BY position LIMIT 1), '') AS group_name,
  d.platform, d.model, d.os, d.supervised, d.enrollment_type, d.last_seen,
  strftime('%Y-%m-%dT%H:%M:%SZ', d.last_seen, 'unixepoch') AS last_seen_iso
FROM device d WHERE d.device_key <> 0 AND d.gone_since IS NULL;
CREATE VIEW v_devices AS
SELECT s.device AS device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.supervised, d.enrollment_type,
  b.id AS baseline, bv.version AS baseline_version, s.status,
  CASE WHEN s.counted THEN s.n_fail_high ELSE (SELECT count(*) FROM _verdict v JOIN finding f ON f.finding_key = v.finding
    WHERE v.device = s.device AND v.baseline = s.baseline AND f.level = 'required' AND v.result = 2 AND v.severity = 1
    AND (v.fresh_until IS NULL OR v.fresh_until >= v.now)) END AS n_fail_high,
  CASE WHEN s.counted THEN s.n_fail ELSE (SELECT count(*) FROM _verdict v JOIN finding f ON f.finding_key = v.finding
    WHERE v.device = s.device AND v.baseline = s.baseline AND f.level = 'required' AND v.result = 2
    AND (v.fresh_until IS NULL OR v.fresh_until >= v.now)) END AS n_fail,
  CASE WHEN s.counted THEN s.n_unknown ELSE s.n_unknown + (SELECT count(*) FROM _verdict v JOIN finding f ON f.finding_key = v.finding
    WHERE v.device = s.device AND v.baseline = s.baseline AND f.level = 'required' AND v.result <= 2
    AND v.fresh_until < v.now) END AS n_unknown,
  d.last_seen, d.last_seen_iso
FROM baseline b JOIN baseline_version bv ON bv.version_key = b.version
CROSS JOIN _status s ON s.baseline = b.baseline_key
JOIN _device d ON d.device_key = s.device;
CREATE VIEW v_device_groups AS
SELECT g.device_key, g.device_id, g.serial, t.group_name
FROM _device g JOIN device_group t ON t.device = g.device_key;
CREATE VIEW v_organisation AS
SELECT b.id AS baseline, bv.version AS baseline_version, q.id AS requirement, coalesce(qv.title, '') AS title,
  f.level, f.severity, f.result, f.reason, message.text AS reason_text, expected.text AS expected,
  observed.text AS observed, next_step.text AS next_step,
  v.since, strftime('%Y-%m-%dT%H:%M:%SZ', v.since, 'unixepoch') AS since_iso
FROM verdict v
JOIN baseline b ON b.baseline_key = v.baseline
JOIN baseline_version bv ON bv.version_key = b.version
JOIN requirement q ON q.requirement_key = v.requirement
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = v.requirement
JOIN finding f ON f.finding_key = v.finding
JOIN text expected ON expected.text_key = f.expected
JOIN text observed ON observed.text_key = f.observed
JOIN text message ON message.text_key = f.message
JOIN text next_step ON next_step.text_key = f.next_step
WHERE v.device = 0;
CREATE INDEX expiring_not_after ON expiring (not_after, device);
CREATE INDEX device_serial ON device (serial COLLATE NOCASE);
CREATE VIEW _inventory AS
SELECT i.*, i.expected_by IS NULL OR i.expected_by <= m.as_of AS due FROM inventory i CROSS JOIN meta m;
CREATE VIEW v_headline AS
SELECT b.id AS baseline, bv.version AS baseline_version, bv.title, '' AS group_name,
  b.expected, coalesce(c.enrolled, 0) AS enrolled, b.asked, b.answered,
  coalesce(c.judged, 0) AS judged, coalesce(c.met, 0) AS met, coalesce(c.not_met, 0) AS not_met,
  coalesce(c.enrolled - c.met - c.not_met, 0) AS undetermined,
  m.as_of, strftime('%Y-%m-%dT%H:%M:%SZ', m.as_of, 'unixepoch') AS as_of_iso
FROM meta m CROSS JOIN baseline b JOIN baseline_version bv ON bv.version_key = b.version
LEFT JOIN (SELECT baseline, count(*) AS enrolled, sum(judged) AS judged, sum(status = 'met') AS met, sum(status = 'not_met') AS not_met
  FROM _status GROUP BY baseline) c ON c.baseline = b.baseline_key
UNION ALL
SELECT b.id, bv.version, bv.title, g.group_name,
  coalesce(i.due, 0) + coalesce(c.unlisted, 0), coalesce(c.enrolled, 0), coalesce(c.asked, 0), coalesce(c.answered, 0),
  coalesce(c.judged, 0), coalesce(c.met, 0), coalesce(c.not_met, 0), coalesce(c.enrolled - c.met - c.not_met, 0),
  m.as_of, strftime('%Y-%m-%dT%H:%M:%SZ', m.as_of, 'unixepoch')
FROM meta m CROSS JOIN baseline b JOIN baseline_version bv ON bv.version_key = b.version
CROSS JOIN (SELECT group_name FROM device_group WHERE group_name <> '' UNION SELECT group_name FROM inventory WHERE group_name <> '') g
LEFT JOIN (SELECT s.baseline, g.group_name, count(*) AS enrolled, sum(d.asked) AS asked, sum(d.answered) AS answered,
    sum(s.judged) AS judged, sum(s.status = 'met') AS met, sum(s.status = 'not_met') AS not_met, sum(NOT d.listed) AS unlisted
  FROM (SELECT DISTINCT group_name, device FROM device_group WHERE group_name <> '') g
  CROSS JOIN device d ON d.device_key = g.device
  CROSS JOIN baseline b
  CROSS JOIN _status s ON s.baseline = b.baseline_key AND s.device = g.device
  GROUP BY s.baseline, g.group_name) c ON c.baseline = b.baseline_key AND c.group_name = g.group_name
LEFT JOIN (SELECT group_name, sum(due) AS due FROM _inventory GROUP BY group_name) i ON i.group_name = g.group_name;
CREATE VIEW v_missing AS
SELECT i.serial, i.asset_tag, i.site, i.ward, i.owner_role, i.group_name,
  i.expected_by, strftime('%Y-%m-%dT%H:%M:%SZ', i.expected_by, 'unixepoch') AS expected_by_iso, i.due
FROM _inventory i
WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.serial = i.serial COLLATE NOCASE AND d.gone_since IS NULL);
CREATE VIEW v_coverage AS
WITH missing AS (SELECT group_name, count(*) AS missing FROM v_missing WHERE due GROUP BY group_name)
SELECT h.baseline, h.baseline_version, h.group_name, h.expected, h.enrolled, h.asked, h.answered, h.judged,
  coalesce(CASE WHEN h.group_name = '' THEN (SELECT sum(missing) FROM missing) ELSE m.missing END, 0) AS missing,
  h.as_of, h.as_of_iso
FROM v_headline h
LEFT JOIN missing m ON m.group_name = h.group_name;
CREATE VIEW v_sweeps AS
SELECT sweep_key AS sweep, started, strftime('%Y-%m-%dT%H:%M:%SZ', started, 'unixepoch') AS started_iso,
  ended, strftime('%Y-%m-%dT%H:%M:%SZ', ended, 'unixepoch') AS ended_iso,
  asked, answered, notnow, errors, silent, unreadable,
  CASE WHEN asked > 0 THEN CAST(answered AS REAL) / asked END AS coverage,
  settling, commands, lost, group_name
FROM sweep;
CREATE VIEW _now AS
SELECT CASE WHEN published THEN as_of ELSE CAST(strftime('%s', 'now') AS INTEGER) END AS now FROM meta;
CREATE INDEX device_past_ended ON device_past (valid_to);
CREATE INDEX verdict_past_ended ON verdict_past (valid_to);
CREATE VIEW _verdict AS
SELECT v.device, v.requirement, v.baseline, v.finding, v.evidence, v.result, v.severity, v.since, v.valid_from,
  CASE WHEN v.result > 2 OR v.fresh_until = 0 THEN NULL
    WHEN v.fresh_until IS NOT NULL THEN v.fresh_until
    ELSE (SELECT min(coalesce(r.collected, o.last)) FROM evidence_ref r
      LEFT JOIN observation o ON o.device = v.device AND o.channel = r.channel AND o.query = r.query AND o.status = r.status
      WHERE r.evidence = v.evidence AND r.missing = 0) + (SELECT max_age FROM finding WHERE finding_key = v.finding)
  END AS fresh_until,
  (SELECT now FROM _now) AS now
FROM verdict v;
CREATE VIEW _status AS
SELECT s.baseline, s.device, s.now, s.judged_until >= s.now AS judged,
  CASE WHEN s.fail_fresh_until >= s.now THEN 'not_met' WHEN s.pass_fresh_until >= s.now THEN 'met' ELSE 'undetermined' END AS status,
  s.n_fail_high, s.n_fail, s.n_unknown, s.fresh_min >= s.now AS counted
FROM (SELECT *, (SELECT now FROM _now) AS now FROM device_status) s;
CREATE VIEW v_expiring AS
SELECT d.device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.enrollment_type,
  what.text AS what, detail.text AS detail,
  e.not_after, strftime('%Y-%m-%dT%H:%M:%SZ', e.not_after, 'unixepoch') AS not_after_iso,
  (e.not_after - e.now - CASE WHEN e.not_after < e.now THEN 86399 ELSE 0 END) / 86400 AS days_left,
  e.not_after < e.now AS expired,
  d.last_seen, d.last_seen_iso
FROM (SELECT *, (SELECT now FROM _now) AS now FROM expiring) e
CROSS JOIN _device d ON d.device_key = e.device
CROSS JOIN text what ON what.text_key = e.what
CROSS JOIN text detail ON detail.text_key = e.detail;
CREATE VIEW _waiver AS
SELECT w.*, CASE WHEN w.revoked <= n.now THEN 'revoked' WHEN w.expires < n.now THEN 'expired'
  WHEN w.approved IS NULL OR w.approved > n.now THEN 'unapproved' ELSE 'active' END AS state
FROM waiver w CROSS JOIN _now n;
CREATE VIEW v_current AS
SELECT v.device AS device_key, d.id AS device_id, d.serial, b.id AS baseline, bv.version AS baseline_version,
  q.id AS requirement, coalesce(qv.title, '') AS title, f.level, f.severity, v.severity AS severity_rank,
  CASE WHEN v.fresh_until < v.now THEN 'unknown' ELSE f.result END AS result,
  CASE WHEN v.fresh_until < v.now THEN 'stale' ELSE f.reason END AS reason,
  coalesce(CASE WHEN v.fresh_until < v.now THEN (SELECT sentence FROM reason WHERE reason = 'stale') ELSE message.text END, '') AS reason_text,
  CASE WHEN v.fresh_until < v.now THEN '' ELSE f.assurance END AS assurance,
  expected.text AS expected, observed.text AS observed,
  coalesce(CASE WHEN v.fresh_until < v.now THEN (SELECT next_step FROM reason WHERE reason = 'stale') ELSE next_step.text END, '') AS next_step,
  f.result AS last_result, f.reason AS last_reason,
  v.since, strftime('%Y-%m-%dT%H:%M:%SZ', v.since, 'unixepoch') AS since_iso,
  v.fresh_until, strftime('%Y-%m-%dT%H:%M:%SZ', v.fresh_until, 'unixepoch') AS fresh_until_iso,
  (SELECT max(w.expires) FROM _waiver w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND w.state = 'active'
    AND CASE WHEN w.device <> '' THEN w.device IN (d.id, d.serial) WHEN w.group_name <> ''
      THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = w.group_name AND g.device = v.device) ELSE 1 END) AS waiver_until
FROM _verdict v
JOIN device d ON d.device_key = v.device
JOIN baseline b ON b.baseline_key = v.baseline
JOIN baseline_version bv ON bv.version_key = b.version
JOIN requirement q ON q.requirement_key = v.requirement
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = v.requirement
JOIN finding f ON f.finding_key = v.finding
JOIN text expected ON expected.text_key = f.expected
JOIN text observed ON observed.text_key = f.observed
JOIN text message ON message.text_key = f.message
JOIN text next_step ON next_step.text_key = f.next_step
WHERE v.device <> 0;
CREATE VIEW v_failing AS
SELECT d.device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.supervised, d.enrollment_type,
  b.id AS baseline, bv.version AS baseline_version,
  q.id AS requirement, coalesce(qv.title, '') AS title, f.level, f.severity, v.severity AS severity_rank,
  f.reason, message.text AS reason_text, observed.text AS observed, next_step.text AS next_step,
  coalesce(w.fix_by, '') AS fix_place,
  v.since, strftime('%Y-%m-%dT%H:%M:%SZ', v.since, 'unixepoch') AS since_iso,
  max(0, v.now - v.since) / 86400 AS age_days,
  f.result AS last_result, d.last_seen, d.last_seen_iso,
  (SELECT max(w.expires) FROM _waiver w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND w.state = 'active'
    AND CASE WHEN w.device <> '' THEN w.device IN (d.device_id, d.serial) WHEN w.group_name <> ''
      THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = w.group_name AND g.device = v.device) ELSE 1 END) AS waiver_until
FROM baseline b
CROSS JOIN _verdict v ON v.baseline = b.baseline_key
JOIN baseline_version bv ON bv.version_key = b.version
JOIN _device d ON d.device_key = v.device
JOIN requirement q ON q.requirement_key = v.requirement
LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = v.requirement
JOIN finding f ON f.finding_key = v.finding
JOIN text message ON message.text_key = f.message
JOIN text observed ON observed.text_key = f.observed
JOIN text next_step ON next_step.text_key = f.next_step
LEFT JOIN reason w ON w.reason = f.reason
WHERE v.result = 2 AND (v.fresh_until IS NULL OR v.fresh_until >= v.now);
CREATE VIEW v_history AS
SELECT h.device AS device_key, d.id AS device_id, d.serial, b.id AS baseline, q.id AS requirement,
  f.result, f.reason, f.assurance, f.level, f.severity, observed.text AS observed,
  h.since, strftime('%Y-%m-%dT%H:%M:%SZ', h.since, 'unixepoch') AS since_iso,
  h.until, strftime('%Y-%m-%dT%H:%M:%SZ', h.until, 'unixepoch') AS until_iso,
  h.fresh_until, strftime('%Y-%m-%dT%H:%M:%SZ', h.fresh_until, 'unixepoch') AS fresh_until_iso,
  h.fresh_until - f.max_age AS last_seen, strftime('%Y-%m-%dT%H:%M:%SZ', h.fresh_until - f.max_age, 'unixepoch') AS last_seen_iso
FROM (
  SELECT device, requirement, finding, valid_from AS since, valid_to AS until, nullif(fresh_until, 0) AS fresh_until FROM verdict_past
  UNION ALL
  SELECT device, requirement, finding, valid_from, NULL, fresh_until FROM _verdict
) h
JOIN device d ON d.device_key = h.device
JOIN requirement q ON q.requirement_key = h.requirement
JOIN baseline b ON b.baseline_key = q.baseline
JOIN finding f ON f.finding_key = h.finding
JOIN text observed ON observed.text_key = f.observed
WHERE h.device <> 0;
CREATE VIEW _change AS
SELECT p.valid_to AS at, 'verdict' AS kind, p.device, NULL AS baseline, p.requirement, p.valid_from AS opened,
  p.finding AS from_finding, p.fresh_until > 0 AND p.fresh_until < p.valid_to AS from_stale, n.finding AS to_finding, 0 AS to_stale
FROM verdict_past p CROSS JOIN verdict n ON n.device = p.device AND n.requirement = p.requirement AND n.valid_from = p.valid_to
UNION ALL
SELECT p.valid_to, 'verdict', p.device, NULL, p.requirement, p.valid_from,
  p.finding, p.fresh_until > 0 AND p.fresh_until < p.valid_to, n.finding, 0
FROM verdict_past p CROSS JOIN verdict_past n ON n.device = p.device AND n.requirement = p.requirement AND n.valid_from = p.valid_to
UNION ALL
SELECT p.fresh_until + 1, 'verdict', p.device, NULL, p.requirement, p.valid_from, p.finding, 0, p.finding, 1
FROM verdict_past p WHERE p.fresh_until > 0 AND p.fresh_until < p.valid_to
UNION ALL
SELECT v.fresh_until + 1, 'verdict', v.device, NULL, v.requirement, v.valid_from, v.finding, 0, v.finding, 1
FROM device d CROSS JOIN _verdict v ON v.device = d.device_key
WHERE d.gone_since IS NULL AND d.fresh_min < (SELECT now FROM _now) AND v.fresh_until < v.now
UNION ALL
SELECT valid_to, CASE WHEN gone THEN 'gone' ELSE 'device' END, device, NULL, NULL, valid_from, NULL, 0, NULL, 0 FROM device_past
UNION ALL
SELECT gone_since, 'gone', device_key, NULL, NULL, valid_from, NULL, 0, NULL, 0 FROM device WHERE gone_since IS NOT NULL
UNION ALL
SELECT p.valid_from, 'enrolled', p.device, NULL, NULL, p.valid_from, NULL, 0, NULL, 0 FROM device_past p
WHERE NOT EXISTS (SELECT 1 FROM device_past o WHERE o.device = p.device AND o.valid_to = p.valid_from AND NOT o.gone)
UNION ALL
SELECT d.valid_from, 'enrolled', d.device_key, NULL, NULL, d.valid_from, NULL, 0, NULL, 0 FROM device d
WHERE d.device_key <> 0 AND NOT EXISTS (SELECT 1 FROM device_past o WHERE o.device = d.device_key AND o.valid_to = d.valid_from AND NOT o.gone)
UNION ALL
SELECT valid_to, 'baseline', NULL, baseline, NULL, valid_from, NULL, 0, NULL, 0 FROM baseline_past;
CREATE VIEW _revision AS
SELECT p.baseline, p.valid_to AS at, o.version AS version_from, coalesce(n.version, '') AS version_to
FROM baseline_past p JOIN baseline_version o ON o.version_key = p.version
LEFT JOIN baseline_version n ON n.version_key = coalesce(
  (SELECT CASE WHEN x.version IS NULL THEN 0 ELSE x.version END FROM baseline_past x WHERE x.baseline = p.baseline AND x.valid_from = p.valid_to),
  (SELECT version FROM baseline b WHERE b.baseline_key = p.baseline))
WHERE n.version_key IS NOT p.version;
CREATE VIEW v_changes AS
SELECT c.at, strftime('%Y-%m-%dT%H:%M:%SZ', c.at, 'unixepoch') AS at_iso,
  CASE WHEN c.kind <> 'verdict' THEN c.kind WHEN c.to_stale THEN 'stale'
    WHEN c.from_result = c.to_result THEN 'other' WHEN c.to_result = 'fail' THEN 'newly-failing'
    WHEN c.to_result = 'pass' AND c.from_result = 'fail' THEN 'fixed'
    WHEN c.to_result = 'pass' AND c.from_result IN ('unknown', 'error', 'notchecked') THEN 'newly-known'
    WHEN c.to_result IN ('unknown', 'error', 'notchecked') AND c.from_result IN ('pass', 'fail') THEN 'newly-unknown' ELSE 'other' END AS kind,
  c.device_key, c.device_id, c.serial, c.asset_tag, c.site, c.ward, c.group_name, c.baseline, c.requirement, c.title, c.level, c.severity,
  c.from_result, c.from_reason, c.from_observed, c.to_result, c.to_reason, c.to_observed,
  CASE WHEN c.os_a NOT IN ('', c.os_b) THEN c.os_a END AS os_from, CASE WHEN c.os_a NOT IN ('', c.os_b) THEN c.os_b END AS os_to,
  CASE WHEN c.build_a NOT IN ('', c.build_b) THEN c.build_a END AS build_from, CASE WHEN c.build_a NOT IN ('', c.build_b) THEN c.build_b END AS build_to,
  CASE WHEN c.model_a NOT IN ('', c.model_b) THEN c.model_a END AS model_from, CASE WHEN c.model_a NOT IN ('', c.model_b) THEN c.model_b END AS model_to,
  CASE WHEN c.supervised_a <> c.supervised_b THEN c.supervised_a END AS supervised_from,
  CASE WHEN c.supervised_a <> c.supervised_b THEN c.supervised_b END AS supervised_to,
  CASE WHEN c.groups_a IS NOT c.groups_b THEN coalesce((SELECT text FROM text WHERE text_key = c.groups_a), '[]') END AS groups_from,
  CASE WHEN c.groups_a IS NOT c.groups_b THEN coalesce((SELECT text FROM text WHERE text_key = c.groups_b), '[]') END AS groups_to,
  CASE WHEN c.profiles_a <> coalesce(c.profiles_b, 0) THEN (SELECT text FROM text WHERE text_key = c.profiles_a) END AS profiles_from,
  CASE WHEN c.profiles_a <> coalesce(c.profiles_b, 0) THEN coalesce((SELECT text FROM text WHERE text_key = c.profiles_b), '') END AS profiles_to,
  CASE WHEN c.id_a <> c.id_b THEN c.id_a END AS enrollment_from, CASE WHEN c.id_a <> c.id_b THEN c.id_b END AS enrollment_to,
  c.version_from AS baseline_version_from, c.version_to AS baseline_version_to, c.waiver
FROM (
  SELECT c.at, c.kind, c.to_stale, d.device_key, d.id AS device_id, d.serial, d.asset_tag, d.site, d.ward,
    CASE WHEN d.device_key IS NOT NULL THEN coalesce((SELECT group_name FROM device_group WHERE device = d.device_key ORDER BY position LIMIT 1), '') END AS group_name,
    b.id AS baseline, q.id AS requirement, qv.title, tf.level, tf.severity,
    CASE WHEN c.from_stale THEN 'unknown' ELSE ff.result END AS from_result, CASE WHEN c.from_stale THEN 'stale' ELSE ff.reason END AS from_reason,
    (SELECT text FROM text WHERE text_key = ff.observed) AS from_observed,
    CASE WHEN c.to_stale THEN 'unknown' ELSE tf.result END AS to_result, CASE WHEN c.to_stale THEN 'stale' ELSE tf.reason END AS to_reason,
    (SELECT text FROM text WHERE text_key = tf.observed) AS to_observed,
    a.id AS id_a, a.os AS os_a, a.build AS build_a, a.model AS model_a, a.supervised AS supervised_a, a.group_list AS groups_a, a.profiles AS profiles_a,
    CASE WHEN n.device IS NULL THEN d.id ELSE n.id END AS id_b, CASE WHEN n.device IS NULL THEN d.os ELSE n.os END AS os_b,
    CASE WHEN n.device IS NULL THEN d.build ELSE n.build END AS build_b, CASE WHEN n.device IS NULL THEN d.model ELSE n.model END AS model_b,
    CASE WHEN n.device IS NULL THEN d.supervised ELSE n.supervised END AS supervised_b,
    CASE WHEN a.device IS NULL THEN NULL WHEN n.device IS NULL THEN d.group_list ELSE n.group_list END AS groups_b,
    CASE WHEN n.device IS NULL THEN d.profiles ELSE n.profiles END AS profiles_b,
    r.version_from, r.version_to,
    (SELECT group_concat(w.id || CASE WHEN w.revoked > c.opened AND w.revoked <= c.at THEN ' revoked'
        WHEN w.expires > c.opened AND w.expires <= c.at THEN ' expired' ELSE ' added' END, ', ')
      FROM waiver w WHERE w.requirement = q.id AND w.baseline IN ('', b.id) AND (w.created > c.opened AND w.created <= c.at
        OR w.revoked > c.opened AND w.revoked <= c.at OR w.expires > c.opened AND w.expires <= c.at)
      AND CASE WHEN w.device <> '' THEN w.device IN (d.id, d.serial) WHEN w.group_name <> ''
        THEN EXISTS (SELECT 1 FROM device_group g WHERE g.group_name = w.group_name AND g.device = c.device) ELSE 1 END) AS waiver
  FROM _change c
  LEFT JOIN device d ON d.device_key = c.device
  LEFT JOIN requirement q ON q.requirement_key = c.requirement
  LEFT JOIN baseline b ON b.baseline_key = coalesce(c.baseline, q.baseline)
  LEFT JOIN requirement_version qv ON qv.version = b.version AND qv.requirement = c.requirement
  LEFT JOIN finding ff ON ff.finding_key = c.from_finding
  LEFT JOIN finding tf ON tf.finding_key = c.to_finding
  LEFT JOIN device_past a ON a.device = c.device AND a.valid_to = c.at AND NOT a.gone AND c.to_stale = 0
  LEFT JOIN device_past n ON n.device = a.device AND n.valid_from = a.valid_to
  LEFT JOIN _revision r ON r.baseline = b.baseline_key AND r.at = c.at AND c.to_stale = 0
  WHERE c.device IS NOT 0
) c
WHERE CASE c.kind
  WHEN 'verdict' THEN c.from_result <> c.to_result OR c.from_reason <> c.to_reason
  WHEN 'device' THEN c.id_a <> c.id_b OR c.os_a NOT IN ('', c.os_b) OR c.build_a NOT IN ('', c.build_b) OR c.model_a NOT IN ('', c.model_b)
    OR c.supervised_a <> c.supervised_b OR c.groups_a IS NOT c.groups_b OR c.profiles_a <> coalesce(c.profiles_b, 0)
  WHEN 'baseline' THEN c.version_from IS NOT NULL
  ELSE 1 END;
CREATE VIEW _piece AS
WITH
pair AS (
  SELECT device, requirement FROM verdict_past WHERE device <> 0
  UNION SELECT device, requirement FROM verdict WHERE result = 2 AND device <> 0
  UNION SELECT v.device, v.requirement FROM device d CROSS JOIN _verdict v ON v.device = d.device_key
    WHERE d.device_key <> 0 AND d.gone_since IS NULL AND d.fresh_min < (SELECT now FROM _now) AND v.fresh_until < v.now
),
spell AS (
  SELECT p.device, p.requirement, v.valid_from AS a, v.valid_to AS b, v.finding, nullif(v.fresh_until, 0) AS fresh_until, 0 AS open
  FROM pair p CROSS JOIN verdict_past v ON v.device = p.device AND v.requirement = p.requirement
  UNION ALL
  SELECT p.device, p.requirement, v.valid_from, max(v.valid_from, v.now), v.finding, v.fresh_until, 1
  FROM pair p CROSS JOIN _verdict v ON v.device = p.device AND v.requirement = p.requirement
),
read AS (
  SELECT s.*, f.reason, CASE f.result WHEN 'pass' THEN 'P' WHEN 'fail' THEN 'F' WHEN 'notapplicable' THEN 'N' ELSE 'U' END AS kind,
    s.fresh_until - f.max_age AS seen, lead(s.a) OVER (PARTITION BY s.device, s.requirement ORDER BY s.a) AS next
  FROM spell s JOIN finding f ON f.finding_key = s.finding
)
SELECT device, requirement, a, CASE WHEN kind IN ('P', 'F') THEN max(a, min(b, coalesce(fresh_until, b))) ELSE b END AS b, kind, reason, seen FROM read
UNION ALL SELECT device, requirement, max(a, fresh_until), b, 'U', 'stale', NULL FROM read WHERE kind IN ('P', 'F') AND fresh_until < b
UNION ALL SELECT device, requirement, b, coalesce(next, b), 'A', '', NULL FROM read WHERE next > b OR next IS NULL AND NOT open;
CREATE VIEW v_exposure AS
WITH
class AS (
  SELECT *, CASE WHEN kind IN ('F', 'U') THEN 'X' ELSE kind END AS class FROM _piece
),
turn AS (
  SELECT *, coalesce(class <> lag(class) OVER w, 1) AS turn, coalesce(kind <> lag(kind) OVER w, 1) AS step
  FROM class WINDOW w AS (PARTITION BY device, requirement ORDER BY a, b, kind = 'A')
),
run AS (
  SELECT *, sum(turn) OVER w AS run, sum(step) OVER w AS stretch
  FROM turn WINDOW w AS (PARTITION BY device, requirement ORDER BY a, b, kind = 'A' ROWS UNBOUNDED PRECEDING)
),
stretch AS (
  SELECT device, requirement, run, stretch, kind, min(a) AS a, max(b) AS b, coalesce(max(min(seen, b)), min(a)) AS seen
  FROM run WHERE class = 'X' GROUP BY device, requirement, run, stretch
),
segment AS (
  SELECT r.device, r.requirement, r.run, r.class, min(r.a) AS a, max(r.b) AS b, max(min(r.seen, r.b)) AS seen,
    min(CASE WHEN r.kind = 'F' THEN r.a END) AS first_fail
  FROM run r GROUP BY r.device, r.requirement, r.run
),
placed AS (
  SELECT *, lag(class) OVER w AS before, lag(a) OVER w AS began, max(lag(a) OVER w, coalesce(lag(seen) OVER w, 0)) AS in_force, lead(class) OVER w AS after
  FROM segment WINDOW w AS (PARTITION BY device, requirement ORDER BY run)
),
exposed AS (
  SELECT *, CASE WHEN before IS NULL THEN first_fail ELSE a END AS start FROM placed
  WHERE class = 'X' AND (before IS NOT NULL OR first_fail IS NOT NULL)
),
measured AS (
  SELECT e.device, e.requirement, e.before, e.began, e.in_force, e.start, e.b AS upper_to, e.after,
    (SELECT min(min(s.a, s.seen)) FROM stretch s WHERE s.device = e.device AND s.requirement = e.requirement AND s.run = e.run AND s.kind = 'F') AS lower_from,
    (SELECT max(s.seen) FROM stretch s WHERE s.device = e.device AND s.requirement = e.requirement AND s.run = e.run AND s.kind = 'F') AS lower_to,
    coalesce((SELECT sum(max(0, s.seen - s.a)) FROM stretch s
      WHERE s.device = e.device AND s.requirement = e.requirement AND s.run = e.run AND s.kind = 'F'), 0) AS lower_seconds,
    (SELECT count(*) FROM run p WHERE p.device = e.device AND p.requirement = e.requirement AND p.run = e.run AND p.kind = 'U' AND p.a >= e.start AND p.b > p.a) AS gaps,
    coalesce((SELECT sum(p.b - p.a) FROM run p
      WHERE p.device = e.device AND p.requirement = e.requirement AND p.run = e.run AND p.kind = 'U' AND p.a >= e.start AND p.b > p.a), 0) AS gap_seconds,
    (SELECT group_concat(DISTINCT p.reason) FROM run p
      WHERE p.device = e.device AND p.requirement = e.requirement AND p.run = e.run AND p.kind = 'U' AND p.a >= e.start AND p.b > p.a) AS gap_reasons
  FROM exposed e
),
bounded AS (
  SELECT *, CASE WHEN before = 'P' THEN min(in_force, start) ELSE max(coalesce(began, 0), min(start, coalesce(lower_from, start))) END AS upper_from
  FROM measured
),
enclosed AS (
  SELECT device, requirement, max(lower_from, upper_from) AS lower_from, max(lower_to, upper_from) AS lower_to, lower_seconds,
    upper_from, upper_to, after, gaps, gap_seconds, gap_reasons
  FROM bounded
)
SELECT m.device AS device_key, d.id AS device_id, d.serial, d.asset_tag, d.site, d.ward,
  coalesce((SELECT group_name FROM device_group WHERE device = m.device ORDER BY position LIMIT 1), '') AS group_name,
  b.id AS baseline, q.id AS requirement,
  m.lower_from, strftime('%Y-%m-%dT%H:%M:%SZ', m.lower_from, 'unixepoch') AS lower_from_iso,
  m.lower_to, strftime('%Y-%m-%dT%H:%M:%SZ', m.lower_to, 'unixepoch') AS lower_to_iso,
  m.lower_seconds / 3600.0 AS lower_hours,
  m.upper_from, strftime('%Y-%m-%dT%H:%M:%SZ', m.upper_from, 'unixepoch') AS upper_from_iso,
  m.upper_to, strftime('%Y-%m-%dT%H:%M:%SZ', m.upper_to, 'unixepoch') AS upper_to_iso,
  (m.upper_to - m.upper_from) / 3600.0 AS upper_hours,
  CASE m.after WHEN 'P' THEN 'in-force' WHEN 'N' THEN 'not-applicable' WHEN 'A' THEN 'left' ELSE 'open' END AS ended,
  m.gaps, m.gap_seconds / 3600.0 AS gap_hours, coalesce(m.gap_reasons, '') AS gap_reasons
FROM enclosed m
JOIN device d ON d.device_key = m.device
JOIN requirement q ON q.requirement_key = m.requirement
JOIN baseline b ON b.baseline_key = q.baseline;
CREATE VIEW v_freshness AS
SELECT o.device AS device_key, d.id AS device_id, d.serial, query.text AS query, status.text AS status,
  CASE WHEN channel.text = '' THEN 'device' ELSE 'user' END AS channel,
  o.since, strftime('%Y-%m-%dT%H:%M:%SZ', o.since, 'unixepoch') AS since_iso,
  o.last, strftime('%Y-%m-%dT%H:%M:%SZ', o.last, 'unixepoch') AS last_iso,
  max(0, (SELECT now FROM _now) - o.last) AS age_seconds, o.longest_gap, o.count
FROM observation o
JOIN device d ON d.device_key = o.device
JOIN text query ON query.text_key = o.query
JOIN text status ON status.text_key = o.status
JOIN text channel ON channel.text_key = o.channel;
CREATE VIEW v_trend_daily AS
SELECT b.id AS baseline, t.zone, t.day, t.expected, t.enrolled, t.asked, t.answered, t.judged, t.met, t.not_met,
  t.enrolled - t.met - t.not_met AS undetermined,
  t.as_of, strftime('%Y-%m-%dT%H:%M:%SZ', t.as_of, 'unixepoch') AS as_of_iso
FROM trend_daily t JOIN baseline b ON b.baseline_key = t.baseline;
CREATE VIEW v_waivers AS
SELECT id AS waiver, state, baseline, requirement, device, group_name, reason, owner, ticket, approver, evidence_sha256,
  created, strftime('%Y-%m-%dT%H:%M:%SZ', created, 'unixepoch') AS created_iso,
  approved, strftime('%Y-%m-%dT%H:%M:%SZ', approved, 'unixepoch') AS approved_iso,
  expires, strftime('%Y-%m-%dT%H:%M:%SZ', expires, 'unixepoch') AS expires_iso,
  revoked, strftime('%Y-%m-%dT%H:%M:%SZ', revoked, 'unixepoch') AS revoked_iso
FROM _waiver;
CREATE VIEW v_attestations AS
SELECT a.id AS attestation,
  CASE WHEN a.void <> '' THEN 'void' WHEN a.revoked <= n.now THEN 'revoked' WHEN a.expires < n.now THEN 'expired' ELSE 'active' END AS state,
  a.baseline, a.requirement, a.device, a.group_name, a.statement, a.author, a.evidence_sha256, a.void,
  a.created, strftime('%Y-%m-%dT%H:%M:%SZ', a.created, 'unixepoch') AS created_iso,
  a.expires, strftime('%Y-%m-%dT%H:%M:%SZ', a.expires, 'unixepoch') AS expires_iso,
  a.revoked, strftime('%Y-%m-%dT%H:%M:%SZ', a.revoked, 'unixepoch') AS revoked_iso
FROM attestation a CROSS JOIN _now n;
CREATE VIEW v_governance AS
SELECT o.baseline, o.baseline_version, g.group_name, o.requirement, o.title, o.level, o.severity, o.result, o.reason, o.reason_text,
  o.expected, o.observed, o.next_step, o.since, o.since_iso,
  (SELECT max(a.expires) FROM v_attestations a WHERE a.requirement = o.requirement AND a.baseline IN ('', o.baseline)
    AND a.device = '' AND a.group_name IN ('', g.group_name) AND a.state = 'active') AS attested_until
FROM v_organisation o
CROSS JOIN (SELECT '' AS group_name UNION SELECT group_name FROM device_group UNION SELECT group_name FROM inventory) g;
CREATE VIEW v_chain AS
SELECT seq, at, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') AS at_iso, kind, CAST(body AS TEXT) AS body, lower(hex(hash)) AS hash
FROM chain;
COMMIT;
PRAGMA application_id = 1464095315;
PRAGMA user_version = 6;
