SELECT s.id AS session, NULLIF(s.user, 1) AS user, s.expire AS session_expire, g.`group` AS `groups`
-- The tables of CleverStyle CMS, with the prefix of yours; user 1 is a guest
FROM cs_sessions s LEFT JOIN cs_users_groups g ON g.id = s.user
WHERE s.id = :session AND s.expire > :now AND s.user_agent IN (:user_agent, MD5(:user_agent))
