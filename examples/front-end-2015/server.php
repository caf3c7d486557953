<?php
/**
 * What pages used of the module's Server, by the HTTP API of a node (docs/API.md). The key is made
 * by `wsmesh api key site --allow publish --allow kick`. Answers are how many connections it were.
 */
final class Server
{
    public const SEND_TO_ALL = 1;
    public const SEND_TO_REGISTERED_USERS = 2;
    public const SEND_TO_SPECIFIC_USERS = 3;
    public const SEND_TO_USERS_GROUP = 4;
    public const SEND_TO_FILTER = 5;

    public function __construct(private string $url, private string $key)
    {
    }

    /** Target: ids of users or groups, one or a list; for SEND_TO_FILTER [property, value]. */
    public function send_to_clients(
        string $action, mixed $details, int $sendTo, mixed $target = false
    ): int {
        $meant = match ($sendTo) {
            self::SEND_TO_ALL => ['everyone' => true],
            self::SEND_TO_REGISTERED_USERS => ['registered' => true],
            self::SEND_TO_SPECIFIC_USERS => ['user' => $target],
            self::SEND_TO_USERS_GROUP => ['group' => $target],
            self::SEND_TO_FILTER => ['filter' => [$target[0] => $target[1]]],
        };
        return $this->post('publish', compact('action', 'details') + ['target' => $meant]);
    }

    /** Details of an action that ends in `:error`. */
    public function compose_error(int $code, ?string $message = null): array
    {
        return [$code, $message ?? "$code " . match ($code) {
            400 => 'Bad Request', 403 => 'Forbidden', 404 => 'Not Found',
            409 => 'Conflict', 500 => 'Internal Server Error', default => 'Error',
        }];
    }

    /** After the session has ended: else its tabs may be let in again. */
    public function close_by_session(string $session): int
    {
        return $this->post('kick', ['target' => ['session' => $session]]);
    }

    public function close_by_user(int|string $user): int
    {
        return $this->post('kick', ['target' => ['user' => $user]]);
    }

    private function post(string $what, array $body): int
    {
        $answer = file_get_contents("$this->url/$what", false, stream_context_create(['http' => [
            'method' => 'POST',
            'header' => ["Authorization: Bearer $this->key", 'Content-Type: application/json'],
            'content' => json_encode($body, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR),
            'timeout' => 12,
            'ignore_errors' => true,
        ]]));
        $read = json_decode((string) $answer, true);
        if (!isset($read['connections'])) {
            throw new RuntimeException($read['error']['message'] ?? 'The node does not answer');
        }
        return $read['connections'];
    }
}
