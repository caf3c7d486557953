/*
 * The limit of `npm run bench`: a server that only writes. What one client sends goes to all, in a
 * text frame of SIZE bytes, made once; what was read together is written together, one write() for
 * each client. No JSON, no UTF-8 check, no identity, no backpressure: nothing can be left out.
 *
 *   ./limit PORT SIZE     SIZE: bytes in a frame, or 0: as many as came
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MAX = 1 << 20, OUT_MAX = 4 << 20, FDS_MAX = 1 << 17, EVENTS_MAX = 1024 };
typedef struct { int is_open, used; unsigned char *rest; } conn;

static conn all[FDS_MAX];
static int members[FDS_MAX], place[FDS_MAX], member_count, frame_size;
static unsigned char *buffer, *out;
static size_t out_used;

static void die(const char *what) { perror(what); exit(1); }

/* Only the bench's own driver connects, and it does not look at Sec-WebSocket-Accept. */
static const char *hello = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
  "Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static void write_to(int fd, const unsigned char *data, size_t size) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n > 0) { data += n; size -= n; continue; }
    if (errno != EAGAIN) return;
    struct pollfd wait = {fd, POLLOUT, 0};
    poll(&wait, 1, 1000);
  }
}

static void leave(int fd) {
  close(fd);
  free(all[fd].rest);
  if (all[fd].is_open) {
    members[place[fd]] = members[--member_count];
    place[members[place[fd]]] = place[fd];
  }
  all[fd] = (conn){0};
}

static void add_frame(const unsigned char *data, int size) {
  int whole = frame_size > size ? frame_size : size, at = 2;
  unsigned char *to = out + out_used;
  if (out_used + whole + 8 > OUT_MAX) die("too much at once");
  to[0] = 0x81;
  if (whole < 126) to[1] = whole;
  else { to[1] = 126; to[2] = whole >> 8; to[3] = whole & 255; at = 4; }
  memcpy(to + at, data, size);
  memset(to + at + size, 'x', whole - size);
  out_used += at + whole;
}

static void receive(int fd) {
  conn *c = &all[fd];
  int used = c->used, at = 0;
  if (used > 0) memcpy(buffer, c->rest, used);
  int n = recv(fd, buffer + used, READ_MAX - used, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) { leave(fd); return; }
  used += n;
  if (!c->is_open) {
    unsigned char *end = memmem(buffer, used, "\r\n\r\n", 4);
    if (end) {
      at = end + 4 - buffer;
      c->is_open = 1;
      place[fd] = member_count;
      members[member_count++] = fd;
      write_to(fd, (const unsigned char *)hello, strlen(hello));
    }
  }
  out_used = 0;
  while (c->is_open && used - at >= 6) {
    int size = buffer[at + 1] & 127, head = 6;
    if (size == 126) { head = 8; size = buffer[at + 2] << 8 | buffer[at + 3]; }
    if (used - at < head + size) break;
    unsigned char *mask = buffer + at + head - 4, *data = buffer + at + head;
    for (int i = 0; i < size; i++) data[i] ^= mask[i & 3];
    if ((buffer[at] & 15) == 1) add_frame(data, size);
    at += head + size;
  }
  int rest = used - at;
  if (rest > 0) {
    c->rest = realloc(c->rest, rest);
    memcpy(c->rest, buffer + at, rest);
  } else { free(c->rest); c->rest = NULL; }
  c->used = rest;
  if (out_used > 0) for (int i = 0; i < member_count; i++) write_to(members[i], out, out_used);
}

int main(int words, char **word) {
  if (words < 3) { fprintf(stderr, "port size\n"); return 2; }
  frame_size = atoi(word[2]);
  buffer = malloc(READ_MAX);
  out = malloc(OUT_MAX);
  int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, poller = epoll_create1(0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(word[1]))};
  inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(door, (struct sockaddr *)&at, sizeof at) < 0 || listen(door, 1024) < 0) die("listen");
  struct epoll_event event = {.events = EPOLLIN, .data.fd = door}, events[EVENTS_MAX];
  epoll_ctl(poller, EPOLL_CTL_ADD, door, &event);
  for (;;) {
    int n = epoll_wait(poller, events, EVENTS_MAX, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd != door) { receive(events[i].data.fd); continue; }
      for (int fd; (fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        if (fd >= FDS_MAX) die("too many");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
      }
    }
  }
}
