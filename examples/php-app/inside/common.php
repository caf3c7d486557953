<?php
/** What every page needs: the database, the session, who is logged in. */
require __DIR__ . '/../../php/WsMesh.php';
require __DIR__ . '/../../php/sessions.php';

function db(): PDO
{
    static $db = null;
    return $db ??= new PDO(
        getenv('DATABASE_DSN'), getenv('DATABASE_USER'), getenv('DATABASE_PASSWORD'),
        [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]
    );
}

function openSession(): void
{
    session_start([
        'cookie_httponly' => true, 'cookie_secure' => true, 'cookie_samesite' => 'Lax',
        'use_strict_mode' => true,
    ]);
}

function meshByHttp(): WsMesh
{
    return WsMesh::http(explode(' ', getenv('WSMESH_API')), getenv('WSMESH_KEY'));
}

/** A page of another site cannot post here: browsers say which one does. */
function isFromHere(): bool
{
    return ($_SERVER['HTTP_ORIGIN'] ?? '') === "https://{$_SERVER['HTTP_HOST']}";
}

/** Ends the request of who is not logged in, or posts from elsewhere. */
function poster(): string
{
    openSession();
    if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !isFromHere()) {
        http_response_code(405);
        exit;
    }
    if (!isset($_SESSION['user'])) {
        http_response_code(401);
        exit;
    }
    return $_SESSION['user'];
}
