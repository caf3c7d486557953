<?php
/**
 * Messages to the users of a wsmesh mesh, from any page of PHP 8.1 or later, with nothing else.
 *
 *   $mesh = WsMesh::http(['http://10.0.0.5:8082', 'http://10.0.0.6:8082'], getenv('WSMESH_KEY'));
 *   $mesh->send('hello', ['Hi'], ['user' => 42]);
 *
 * or inside of a transaction of the page, with `wsmesh serve --outbox`: sent after the commit, and
 * never after a rollback.
 *
 *   $mesh = WsMesh::outbox($pdo);
 *   $pdo->beginTransaction();
 *   …
 *   $mesh->send('paid', [7], ['user' => 42]);
 *   $pdo->commit();
 */
final class WsMesh
{
    private const TRIES_MAX = 4;

    /** @param list<string> $nodes */
    private function __construct(
        private array $nodes,
        private string $key,
        private float $timeoutS,
        private ?PDO $db,
        private string $table,
    ) {
    }

    /**
     * By HTTP (docs/API.md). All nodes are equal: one that does not answer costs a try at another.
     * `$timeoutS` is for everything together.
     *
     * @param string|list<string> $nodes
     */
    public static function http(string|array $nodes, string $key, float $timeoutS = 15): self
    {
        return new self((array) $nodes, trim($key), $timeoutS, null, '');
    }

    /** By a row of the outbox, in whatever transaction the connection is (docs/OUTBOX.md). */
    public static function outbox(PDO $db, string $table = 'wsmesh_outbox'): self
    {
        if (!preg_match('/^[A-Za-z0-9_]+$/', $table)) {
            throw new InvalidArgumentException("Not the name of a table: $table");
        }
        return new self([], '', 0, $db, $table);
    }

    /**
     * To ['user' => 42], ['user' => [42, 7]], ['group' => 'staff'], ['session' => '…'],
     * ['filter' => ['language' => 'en']], ['registered' => true] or ['everyone' => true].
     *
     * By HTTP it returns the receipt: position, connections, nodes. It may be sent several times
     * underneath, under one id, and is delivered once; give an $id of your own to send it again
     * later. By the outbox it returns an empty array, and is given an id by its row.
     *
     * @return array<string, mixed>
     * @throws WsMeshException when it is not known to be delivered: see getCode() and mayBeSent()
     */
    public function send(string $action, mixed $details, array $target, ?string $id = null): array
    {
        if ($this->db !== null) {
            return $this->insert($action, $details, $target);
        }
        $id ??= 'php-' . bin2hex(random_bytes(12));
        $message = ['action' => $action, 'details' => $details, 'target' => $target];
        return $this->post('/publish', $message + ['messageId' => $id]);
    }

    /**
     * Closes connections on every node, for a log-out: ['session' => session_id()]. By HTTP only.
     *
     * @return array<string, mixed>
     */
    public function kick(array $target, string $reason = ''): array
    {
        $order = ['target' => $target] + ($reason === '' ? [] : ['reason' => $reason]);
        return $this->post('/kick', $order);
    }

    /** @return array<string, mixed> */
    private function insert(string $action, mixed $details, array $target): array
    {
        $row = $this->db->prepare(
            "INSERT INTO {$this->table} (action, details, target) VALUES (?, ?, ?)"
        );
        if (!$row->execute([$action, self::json($details), self::json($target)])) {
            throw new WsMeshException($row->errorInfo()[2] ?? 'The row was not written', 0, false);
        }
        return [];
    }

    /** @return array<string, mixed> */
    private function post(string $path, array $body): array
    {
        $json = self::json($body);
        $nodes = $this->nodes;
        shuffle($nodes);
        $deadline = microtime(true) + $this->timeoutS;
        $failure = new WsMeshException('No node is named', 0, false);
        $mayBeSent = false;
        for ($tried = 0; $nodes !== [] && $tried < self::TRIES_MAX; $tried++) {
            $left = $deadline - microtime(true);
            if ($left <= 0) {
                break;
            }
            if ($tried >= count($nodes)) {
                // All were asked: they may be changing their master.
                usleep((int) (min($left, 0.25 * $tried) * 1e6));
            }
            [$status, $answer] = $this->ask($nodes[$tried % count($nodes)] . $path, $json, $left);
            if ($status >= 200 && $status < 300) {
                return $answer;
            }
            $text = $answer['error']['message'] ?? "no answer of $path";
            // Every node refuses what is wrong in itself: nor did the one before take it.
            $isWrong = in_array($status, [400, 413, 415], true);
            $mayBeSent = !$isWrong && ($mayBeSent || $status === 0 || $status === 504);
            $failure = new WsMeshException($text, $status, $mayBeSent);
            if ($status >= 400 && $status < 500 && $status !== 429) {
                break;
            }
        }
        throw $failure;
    }

    /** @return array{int, array<string, mixed>} status 0: no whole answer */
    private function ask(string $url, string $json, float $timeoutS): array
    {
        $answer = @file_get_contents($url, false, stream_context_create(['http' => [
            'method' => 'POST',
            'header' => ["Authorization: Bearer {$this->key}", 'Content-Type: application/json'],
            'content' => $json,
            'timeout' => $timeoutS,
            'ignore_errors' => true,
            'follow_location' => 0,
        ]]));
        $status = (int) (explode(' ', $http_response_header[0] ?? '')[1] ?? 0);
        $read = $answer === false ? null : json_decode($answer, true);
        return is_array($read) ? [$status, $read] : [$status < 400 ? 0 : $status, []];
    }

    private static function json(mixed $value): string
    {
        return json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    }
}

/** getCode() is the HTTP status, or 0 where no node answered. */
final class WsMeshException extends RuntimeException
{
    public function __construct(string $text, int $status, private bool $mayBeSent)
    {
        parent::__construct($text, $status);
    }

    /** Whether it may have been delivered all the same: send it again under the same id to know. */
    public function mayBeSent(): bool
    {
        return $this->mayBeSent;
    }
}
