-- +goose Up
-- Each group has its own word on the organisation's rows: what was attested for
-- it alone, or for all, reads attested, and the rest asks for it.
DROP VIEW v_governance;
-- +goose StatementBegin
CREATE VIEW v_governance AS
SELECT g.baseline, g.baseline_version, g.group_name, g.requirement, g.title, g.level, g.severity, g.result,
  CASE WHEN g.attestation IS NOT NULL THEN 'attested' WHEN g.reason = 'attested' THEN 'not-attested' ELSE g.reason END AS reason,
  CASE WHEN (g.attestation IS NOT NULL) <> (g.reason = 'attested')
    THEN coalesce((SELECT sentence FROM reason WHERE reason = CASE WHEN g.attestation IS NULL THEN 'not-attested' ELSE 'attested' END), g.reason_text)
    ELSE g.reason_text END AS reason_text,
  g.expected,
  CASE WHEN g.attestation IS NOT NULL AND g.reason <> 'attested' THEN 'attested until ' || strftime('%Y-%m-%d', a.expires, 'unixepoch') || ' (' || a.attestation || ')'
    ELSE g.observed END AS observed,
  CASE WHEN (g.attestation IS NOT NULL) <> (g.reason = 'attested')
    THEN coalesce((SELECT next_step FROM reason WHERE reason = CASE WHEN g.attestation IS NULL THEN 'not-attested' ELSE 'attested' END), g.next_step)
    ELSE g.next_step END AS next_step,
  g.since, g.since_iso, a.expires AS attested_until, g.attestation
FROM (
  SELECT o.*, n.group_name,
    (SELECT a.attestation FROM v_attestations a WHERE a.requirement = o.requirement AND a.baseline IN ('', o.baseline)
      AND a.device = '' AND a.group_name IN ('', n.group_name) AND a.state = 'active' AND o.result = 'notchecked' AND o.level <> 'informational'
      ORDER BY a.expires DESC, a.attestation LIMIT 1) AS attestation
  FROM v_organisation o
  CROSS JOIN (SELECT '' AS group_name UNION SELECT group_name FROM device_group UNION SELECT group_name FROM inventory) n
) g
LEFT JOIN (SELECT attestation, baseline, requirement, max(expires) AS expires FROM v_attestations GROUP BY attestation) a ON a.attestation = g.attestation;
-- +goose StatementEnd

UPDATE schema_version SET version = 8;
PRAGMA user_version = 8;
