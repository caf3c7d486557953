<?php
/**
 * Sessions as this application keeps them: in PHP's own files, or, with DATABASE_DSN in the
 * environment, in a table that wsmesh can read (docs/AUTH.md):
 *
 *   CREATE TABLE sessions (
 *     id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
 *     data BLOB NOT NULL, user_id BIGINT NULL, expires BIGINT NOT NULL
 *   )
 */
final class TableSessions implements SessionHandlerInterface
{
    public function __construct(private PDO $db, private int $lifetimeS)
    {
    }

    public function open(string $path, string $name): bool
    {
        return true;
    }

    public function close(): bool
    {
        return true;
    }

    public function read(string $id): string|false
    {
        $query = $this->db->prepare('SELECT data FROM sessions WHERE id = ? AND expires > ?');
        $query->execute([$id, time()]);
        return (string) $query->fetchColumn();
    }

    public function write(string $id, string $data): bool
    {
        $query = $this->db->prepare(
            'REPLACE INTO sessions (id, data, user_id, expires) VALUES (?, ?, ?, ?)'
        );
        return $query->execute([$id, $data, $_SESSION['user'] ?? null, time() + $this->lifetimeS]);
    }

    public function destroy(string $id): bool
    {
        return $this->db->prepare('DELETE FROM sessions WHERE id = ?')->execute([$id]);
    }

    public function gc(int $lifetimeS): int|false
    {
        $query = $this->db->prepare('DELETE FROM sessions WHERE expires < ?');
        $query->execute([time()]);
        return $query->rowCount();
    }
}

if (getenv('DATABASE_DSN')) {
    $db = new PDO(getenv('DATABASE_DSN'), getenv('DATABASE_USER'), getenv('DATABASE_PASSWORD'));
    session_set_save_handler(new TableSessions($db, 3600), true);
}
