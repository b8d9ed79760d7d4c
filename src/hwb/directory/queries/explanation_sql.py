# ruff: noqa: S608 - statements are put together from the constants of this file only
"""The statements behind :mod:`hwb.directory.queries.explanations`."""

from hwb.directory.queries import attempts, children, service_accounts

_ACCOUNT = (
    "a.id, a.active, a.reason_rule, a.reason_code, a.reason_values, a.legal_surname, a.legal_forename, "
    "a.preferred_surname, a.preferred_forename, a.birth_date, a.upn, a.grace_until, "
    "(SELECT jsonb_agg(jsonb_build_object('id', p.id, 'school', p.school, 'role', p.role, 'began', p.began, "
    " 'ended', p.ended)) "
    " FROM placement p WHERE p.account = a.id) AS placements, "
    "(SELECT jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind, 'school', d.school, 'at', d.made_at, "
    " 'reason', d.reason, 'by', coalesce((SELECT concat_ws(' ', coalesce(nullif(m.preferred_forename, ''), "
    " m.legal_forename), coalesce(nullif(m.preferred_surname, ''), m.legal_surname)) FROM account m WHERE m.id ="
    " CASE WHEN d.made_by ~ '^account [0-9a-f-]{36}$' THEN substr(d.made_by, 9)::uuid END), d.made_by))) "
    " FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL) AS decisions"
)

PEOPLE = f"""
SELECT q.upn AS asked, {_ACCOUNT}, {attempts.COLUMNS}, {children.SEEN}, {service_accounts.MAIL}, names.upns,
       EXISTS (SELECT FROM protection p WHERE p.ended_at IS NULL
               AND (p.account = a.id OR p.upn = ANY(names.upns))) AS protected,
       (SELECT jsonb_agg(to_jsonb(w)) FROM learner_record w WHERE w.upn = ANY(names.upns)) AS words,
       (SELECT jsonb_agg(jsonb_build_object('school', w.school, 'cause', w.cause) ORDER BY w.school)
        FROM wait w WHERE w.upn = ANY(names.upns)) AS waits
FROM unnest(%(upns)s::text[]) AS q(upn)
LEFT JOIN upn u ON u.upn = q.upn
LEFT JOIN account a ON a.id = u.account
CROSS JOIN LATERAL (
    SELECT array(SELECT x.upn::text FROM upn x WHERE x.account = a.id) || q.upn AS upns
) names
"""

SCHOOLS = """
SELECT e.dfes, e.name_en, e.name_cy, e.phase, e.client_contact, au.name_en AS authority_en, au.name_cy AS authority_cy,
       l.id::text AS last_id, l.finished_at AS last_at, l.as_at AS last_as_at,
       coalesce(nullif(l.mis, ''), e.mis) AS mis,
       h.id::text AS held_id, coalesce(h.finished_at, h.received_at) AS held_at, h.as_at AS held_as_at,
       CASE WHEN e.dfes = %(asking)s THEN h.body END AS held_body,
       CASE WHEN e.dfes = %(asking)s THEN h.plan END AS held_plan,
       f.count AS failed_count, f.at AS failed_at, f.code AS failed_code, c.report,
       n.id::text AS newest_id, n.finished_at AS newest_at, n.people, n.problems, y.stayed
FROM establishment e
LEFT JOIN authority au ON au.code = left(e.dfes, 3)
LEFT JOIN LATERAL (
    SELECT r.id, r.finished_at, r.as_at, r.received_at, r.mis FROM run r
    WHERE r.school = e.dfes AND r.state IN ('applied', 'no change') ORDER BY r.accepted_no DESC LIMIT 1
) l ON true
LEFT JOIN run h ON h.school = e.dfes AND h.state = 'held' AND NOT h.preview
LEFT JOIN LATERAL (
    SELECT count(*) AS count, max(coalesce(r.finished_at, r.received_at)) AS at,
           (array_agg(r.failure ORDER BY r.received_at DESC))[1] AS code
    FROM run r WHERE r.school = e.dfes AND NOT r.preview AND r.state IN ('failed', 'refused')
      AND (l.id IS NULL OR r.received_at >= l.received_at)
) f ON true
LEFT JOIN LATERAL (
    -- of a report about many schools only what is said of this one
    SELECT (SELECT told FROM jsonb_array_elements(c.report -> 'schools') told WHERE told ->> 'school' = e.dfes LIMIT 1)
           AS report
    FROM client_school s JOIN client c ON c.id = s.client
    WHERE s.school = e.dfes AND c.revoked_at IS NULL AND c.enrolled_at IS NOT NULL
    ORDER BY c.last_contact DESC NULLS LAST LIMIT 1
) c ON true
LEFT JOIN LATERAL (
    SELECT r.id, r.finished_at, r.result -> 'people' AS people,
           CASE WHEN jsonb_array_length(coalesce(r.result -> 'people', '[]')) > 0 THEN r.result -> 'problems' END
           AS problems
    FROM run r WHERE e.dfes = %(asking)s AND r.school = e.dfes AND r.state IN ('applied', 'no change')
      AND %(kind)s = ANY(r.covers)
    ORDER BY r.accepted_no DESC LIMIT 1
) n ON true
LEFT JOIN LATERAL (
    -- the first run of the year said that year groups had not moved, and no later one moved them
    SELECT NOT EXISTS (
        SELECT FROM run g WHERE g.school = e.dfes AND g.state IN ('applied', 'no change')
          AND g.accepted_no > x.accepted_no
          AND 2 * (g.result ->> 'updated')::int > (x.notice -> 'values' -> 0 ->> 1)::int
    ) AS stayed
    FROM (
        SELECT r.accepted_no,
               (SELECT i FROM jsonb_array_elements(r.result -> 'notices') i WHERE i ->> 'code' = 'X03' LIMIT 1)
                   AS notice
        FROM run r WHERE e.dfes = %(asking)s AND r.school = e.dfes AND r.state IN ('applied', 'no change')
          AND r.as_at >= %(began)s
        ORDER BY r.accepted_no LIMIT 1
    ) x WHERE x.notice IS NOT NULL
) y ON true
WHERE e.dfes = ANY(%(schools)s)
"""

STAFF = f"""
SELECT w.id AS word, w.school, w.missing_since, w.refused,
       jsonb_build_object(
           'legal_surname', w.legal_surname, 'legal_forename', w.legal_forename, 'staff_code', w.staff_code,
           'start_date', w.start_date, 'leaving_date', w.leaving_date, 'mis_id', w.mis_id,
           'employee_number', w.employee_number, 'preferred_surname', w.preferred_surname,
           'preferred_forename', w.preferred_forename, 'birth_date', w.birth_date, 'role', w.role,
           'classes', to_jsonb(w.classes)) AS record,
       {_ACCOUNT}, NULL AS upns, a.username,
       array(SELECT i.value FROM identifier i WHERE i.account = a.id AND i.kind = 'username' UNION ALL
             SELECT i.value FROM account r JOIN identifier i ON i.account = r.id AND i.kind = 'username'
             WHERE r.retired_into = a.id) AS usernames,
       EXISTS (SELECT FROM protection p WHERE p.ended_at IS NULL AND p.account = a.id) AS protected
FROM staff_record w LEFT JOIN account a ON a.id = w.account
WHERE w.school = %(school)s ORDER BY w.id
"""

RELEASED = """
SELECT DISTINCT ON (account) account::text AS account, at FROM audit
WHERE account = ANY(%(ids)s::uuid[]) AND action = 'release' ORDER BY account, id DESC
"""

SAME_BIRTH_DATE = """
SELECT upn, legal_surname, legal_forename, birth_date FROM learner_record
WHERE school = %(school)s AND birth_date = ANY(%(dates)s::date[]) AND missing_since IS NULL
"""

YEARS = """
SELECT p.school, r.year_group, count(*) AS total, count(*) FILTER (WHERE r.leaving_date IS NULL) AS missing
FROM placement p JOIN upn u ON u.account = p.account JOIN learner_record r ON r.upn = u.upn AND r.school = p.school
WHERE p.school = ANY(%(schools)s) AND p.role = 'holding' AND p.ended IS NULL
GROUP BY p.school, r.year_group
"""

SCHOOL_FOR_UPN = """
WITH names AS (
    SELECT %(upn)s::text AS upn UNION
    SELECT x.upn FROM upn u JOIN upn x ON x.account = u.account WHERE u.upn = %(upn)s::text
)
SELECT school FROM (
    SELECT w.school, 1 AS rank, w.since AS day FROM wait w JOIN names USING (upn)
    UNION ALL
    SELECT p.school, CASE WHEN p.ended IS NULL THEN 2 ELSE 3 END, p.began FROM placement p JOIN upn u
      ON u.account = p.account WHERE u.upn = %(upn)s::text AND p.role = 'holding'
    UNION ALL
    SELECT r.school, 4, r.start_date FROM learner_record r JOIN names USING (upn)
) found ORDER BY rank, CASE WHEN rank = 1 THEN day END, day DESC, school LIMIT 1
"""

PERSON_OF_USERNAME = """
SELECT a.kind, a.id AS account, a.upn, i.current,
       (SELECT p.school FROM placement p WHERE p.account = a.id AND p.role <> 'guest'
        ORDER BY p.ended IS NOT NULL, p.began DESC, p.id DESC LIMIT 1) AS school
FROM name_owner i JOIN account a ON a.id = i.account WHERE i.value = %(username)s AND i.kind = 'username'
"""
