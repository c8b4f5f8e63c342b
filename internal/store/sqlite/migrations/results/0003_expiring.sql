-- +goose Up
-- What each device needs to stay connected, as far as it is known, the first
-- to end in front. Written anew when one of them changed.
CREATE TABLE expiring (
  device    INTEGER NOT NULL REFERENCES device,
  position  INTEGER NOT NULL,
  what      INTEGER NOT NULL REFERENCES text,
  detail    INTEGER NOT NULL REFERENCES text,
  not_after INTEGER NOT NULL,
  PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX expiring_not_after ON expiring (not_after, device);

-- ORDER BY not_after walks the index expiring_not_after.
-- +goose StatementBegin
CREATE VIEW v_expiring AS
SELECT d.device_key, d.device_id, d.serial, d.asset_tag, d.site, d.ward, d.owner_role, d.group_name,
  d.platform, d.model, d.os, d.enrollment_type,
  what.text AS what, detail.text AS detail,
  e.not_after, strftime('%Y-%m-%dT%H:%M:%SZ', e.not_after, 'unixepoch') AS not_after_iso,
  (e.not_after - e.now - CASE WHEN e.not_after < e.now THEN 86399 ELSE 0 END) / 86400 AS days_left,
  e.not_after < e.now AS expired,
  d.last_seen, d.last_seen_iso
FROM (SELECT *, CAST(strftime('%s', 'now') AS INTEGER) AS now FROM expiring) e
CROSS JOIN _device d ON d.device_key = e.device
CROSS JOIN text what ON what.text_key = e.what
CROSS JOIN text detail ON detail.text_key = e.detail;
-- +goose StatementEnd

UPDATE schema_version SET version = 3;
PRAGMA user_version = 3;
