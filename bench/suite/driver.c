/*
 * The driver of `npm run bench`: WebSocket clients of any server, many of them, in one thread.
 * It is told what to do by lines on stdin and answers each with one line of JSON.
 *
 *   pids PID…                        whose CPU time counts as the server's
 *   auto QUESTION ANSWER             a frame that is answered at once (application pings)
 *   open PORT PATH PROTOCOL FIRST READY COUNT PER_SECOND OPCODE
 *                                    FIRST: what is sent first, or @FILE with one text a line;
 *                                    READY: part of the frame that says "now you are in"
 *   stream ID CONNECTION PREFIX SUFFIX OPCODE EXPECTED BYTES
 *                                    a publisher: its messages are for EXPECTED connections
 *   run SECONDS WARM_SECONDS ID LOAD [ID LOAD]
 *                                    LOAD: w16 is 16 messages in flight, r50 50 messages a second
 *   close                            all connections
 *
 * Texts are hexadecimal, '-' is none. A message carries `, its stream, its number and its time;
 * nothing else of what a server sends is looked at, so no peer pays more here than another.
 * Every message is awaited from all its connections: what is missing is told, not left out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
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
#include <time.h>
#include <unistd.h>

enum { READ_MAX = 1 << 20, RING = 1 << 16, MARK = 26, PIDS_MAX = 64, EVENTS_MAX = 1024,
       STREAMS = 4, OPENING_MAX = 64, BUCKETS = 4096 };
typedef enum { DIALLING, GREETING, READY, CLOSED } state;
typedef struct { int fd; state state; uint32_t used; unsigned char *rest; } conn;
typedef struct { char *data; int size; } text;
typedef struct {
  int conn, opcode, expected, bytes, window;
  double rate;
  text prefix, suffix;
  int32_t *left;
  uint64_t sent, done, delivered, extra, begun_ns;
  uint64_t late_ns;
  uint32_t took[BUCKETS];
} stream;

static conn *all;
static int count, poller, ready, closed_early, refused;
static unsigned char *buffer;
static stream streams[STREAMS];
static int pids[PIDS_MAX], pid_count;
static uint64_t reads, bytes_read;
static text first, ready_mark, question, answer;
static FILE *first_file;
static int first_opcode;

static void die(const char *what) { perror(what); exit(1); }

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static text unhex(const char *word) {
  text out = {NULL, 0};
  if (!word || !strcmp(word, "-")) return out;
  out.size = strlen(word) / 2;
  out.data = malloc(out.size + 1);
  for (int i = 0; i < out.size; i++) sscanf(word + 2 * i, "%2hhx", (unsigned char *)out.data + i);
  return out;
}

/* CPU time: nanoseconds of all threads of the servers, and of this process */

static uint64_t cpu_of(int pid) {
  char path[96], line[96];
  uint64_t sum = 0;
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) return 0;
  for (struct dirent *entry; (entry = readdir(tasks));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, entry->d_name);
    int fd = open(path, O_RDONLY), n = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
    if (fd >= 0) close(fd);
    if (n > 0) { line[n] = 0; sum += strtoull(line, NULL, 10); }
  }
  closedir(tasks);
  return sum;
}

static uint64_t cpu_of_servers(void) {
  uint64_t sum = 0;
  for (int i = 0; i < pid_count; i++) sum += cpu_of(pids[i]);
  return sum;
}

typedef struct { uint64_t at, servers, own, busy, steal, reads, bytes; } account;

static account take(void) {
  account a = {0};
  unsigned long long user, nice, sys, idle, io, irq, soft, steal;
  FILE *stat = fopen("/proc/stat", "r");
  if (stat && fscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &sys, &idle,
                     &io, &irq, &soft, &steal) == 8) {
    a.busy = user + nice + sys + irq + soft;
    a.steal = steal;
  }
  if (stat) fclose(stat);
  a.own = cpu_of(getpid());
  a.servers = cpu_of_servers();
  a.reads = reads;
  a.bytes = bytes_read;
  a.at = now_ns();
  return a;
}

/* Latency: buckets of 1.6 % and better */

static int bucket(uint64_t ns) {
  if (ns < 64) return ns;
  int top = 63 - __builtin_clzll(ns);
  return (top - 5) * 64 + ((ns >> (top - 6)) & 63);
}

static double bucket_us(int at) {
  if (at < 64) return at / 1e3;
  int top = at / 64 + 5;
  return ((64.5 + at % 64) * (1ull << (top - 6))) / 1e3;
}

static double percentile(const stream *s, double share) {
  uint64_t all_of = 0, below = 0;
  for (int i = 0; i < BUCKETS; i++) all_of += s->took[i];
  for (int i = 0; i < BUCKETS; i++)
    if ((below += s->took[i]) > 0 && below >= share * all_of) return bucket_us(i);
  return -1;
}

/* Sending */

static void write_all(conn *c, const char *data, int size) {
  while (size > 0) {
    int n = send(c->fd, data, size, MSG_NOSIGNAL);
    if (n > 0) { data += n; size -= n; continue; }
    if (n < 0 && errno != EAGAIN) { closed_early++; return; }
    struct pollfd wait = {c->fd, POLLOUT, 0};
    if (poll(&wait, 1, 5000) <= 0) { fprintf(stderr, "a server does not read\n"); exit(1); }
  }
}

static int frame_head(char *out, int opcode, int size) {
  int at = 2;
  out[0] = 0x80 | opcode;
  if (size < 126) out[1] = 0x80 | size;
  else { out[1] = 0x80 | 126; out[2] = size >> 8; out[3] = size & 255; at = 4; }
  memcpy(out + at, "\x5a\xc3\xe1\x17", 4);
  return at + 4;
}

static int frame(char *out, int opcode, const char *data, int size) {
  int at = frame_head(out, opcode, size);
  for (int i = 0; i < size; i++) out[at + i] = data[i] ^ "\x5a\xc3\xe1\x17"[i & 3];
  return at + size;
}

static void send_frame(conn *c, int opcode, const char *data, int size) {
  char *out = malloc(size + 16);
  write_all(c, out, frame(out, opcode, data, size));
  free(out);
}

/* One write holds `n` messages of a stream, each in a frame of its own. */
static void publish(int id, int n, uint64_t at) {
  static char *out, *plain;
  stream *s = &streams[id];
  int size = s->prefix.size + s->bytes + s->suffix.size, used = 0;
  out = realloc(out, (size_t)n * (size + 16));
  plain = realloc(plain, size + 1);
  for (int i = 0; i < n; i++) {
    uint32_t number = s->sent++;
    s->left[number % RING] = s->expected;
    memcpy(plain, s->prefix.data, s->prefix.size);
    char *body = plain + s->prefix.size;
    memset(body, 'x', s->bytes);
    char mark[MARK + 1];
    snprintf(mark, sizeof mark, "`%x%08x%016llx", id, number, (unsigned long long)at);
    memcpy(body, mark, MARK);
    memcpy(body + s->bytes, s->suffix.data, s->suffix.size);
    used += frame(out + used, s->opcode, plain, size);
  }
  write_all(&all[s->conn], out, used);
}

/* Receiving */

static int digits(const unsigned char *from, int n, uint64_t *value) {
  uint64_t sum = 0;
  for (int i = 0; i < n; i++) {
    unsigned c = from[i];
    if (c - '0' < 10) sum = sum << 4 | (c - '0');
    else if (c - 'a' < 6) sum = sum << 4 | (c - 'a' + 10);
    else return 0;
  }
  *value = sum;
  return 1;
}

static void delivered(const unsigned char *data, int size, uint64_t now) {
  const unsigned char *end = data + size, *at = data;
  while (at < end && (at = memchr(at, '`', end - at))) {
    uint64_t id, number, sent;
    if (end - at < MARK || !digits(at + 1, 1, &id) || id >= STREAMS ||
        !digits(at + 2, 8, &number) || !digits(at + 10, 16, &sent)) { at++; continue; }
    stream *s = &streams[id];
    if (!s->left) { at += MARK; continue; } /* what another driver sent */
    int32_t *left = &s->left[number % RING];
    if (*left <= 0) s->extra++;
    else {
      s->delivered++;
      s->took[bucket(now > sent ? now - sent : 0)]++;
      if (--*left == 0) s->done++;
    }
    at += MARK;
  }
}

static void frame_from(conn *c, int opcode, unsigned char *data, int size, uint64_t now) {
  if (opcode == 9) send_frame(c, 10, (char *)data, size);
  else if (opcode == 8) closed_early++;
  else if (c->state == GREETING) {
    if (memmem(data, size, ready_mark.data, ready_mark.size)) { c->state = READY; ready++; }
  } else if (question.size > 0 && size == question.size && !memcmp(data, question.data, size))
    send_frame(c, opcode, answer.data, answer.size);
  else delivered(data, size, now);
}

static void greet(conn *c) {
  static char *line;
  static size_t room;
  if (first_file) {
    ssize_t n = getline(&line, &room, first_file);
    if (n <= 0) die("no line left in the file of first frames");
    send_frame(c, first_opcode, line, line[n - 1] == '\n' ? n - 1 : n);
  } else if (first.size > 0) send_frame(c, first_opcode, first.data, first.size);
  if (ready_mark.size == 0) { c->state = READY; ready++; }
  else c->state = GREETING;
}

static void drop(conn *c) {
  close(c->fd);
  if (c->state == DIALLING || c->state == GREETING) ready++;
  c->state = CLOSED;
  closed_early++;
}

static void receive(conn *c) {
  if (c->state == CLOSED) return;
  int used = c->used, at = 0;
  if (used > 0) memcpy(buffer, c->rest, used);
  int n = recv(c->fd, buffer + used, READ_MAX - used, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) { drop(c); return; }
  uint64_t now = now_ns();
  reads++;
  bytes_read += n;
  used += n;
  if (c->state == DIALLING) {
    unsigned char *end = memmem(buffer, used, "\r\n\r\n", 4);
    if (end && memcmp(buffer, "HTTP/1.1 101", 12)) {
      if (refused++ == 0) fprintf(stderr, "refused: %.60s\n", buffer);
      drop(c);
      return;
    }
    if (end) { at = end + 4 - buffer; greet(c); }
  }
  while (c->state > DIALLING && c->state < CLOSED && used - at >= 2) {
    uint64_t size = buffer[at + 1] & 127;
    int head = 2;
    if (size == 126) {
      head = 4;
      if (used - at < 4) break;
      size = buffer[at + 2] << 8 | buffer[at + 3];
    } else if (size == 127) {
      head = 10;
      if (used - at < 10) break;
      size = 0;
      for (int i = 0; i < 8; i++) size = size << 8 | buffer[at + 2 + i];
    }
    if ((uint64_t)(used - at) < head + size) break;
    frame_from(c, buffer[at] & 15, buffer + at + head, size, now);
    at += head + size;
  }
  if (c->state == CLOSED) return;
  int rest = used - at;
  if (rest > 0) {
    c->rest = realloc(c->rest, rest);
    memcpy(c->rest, buffer + at, rest);
  } else if (c->rest) { free(c->rest); c->rest = NULL; }
  c->used = rest;
}

static void wait_for(int64_t ns) {
  static struct epoll_event events[EVENTS_MAX];
  if (ns < 0) ns = 0;
  struct timespec left = {ns / 1000000000, ns % 1000000000};
  int n = epoll_pwait2(poller, events, EVENTS_MAX, &left, NULL);
  for (int i = 0; i < n; i++) receive(&all[events[i].data.u32]);
}

/* Commands */

static void dial(int port, const text *path, const text *protocol) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  all = realloc(all, sizeof *all * (count + 1));
  conn *c = &all[count];
  *c = (conn){.fd = socket(AF_INET, SOCK_STREAM, 0), .state = DIALLING};
  int one = 1;
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  char head[1024];
  int size = snprintf(head, sizeof head,
    "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%.*s%s\r\n",
    path->size, path->data, port, protocol->size ? "Sec-WebSocket-Protocol: " : "",
    protocol->size, protocol->size ? protocol->data : "", protocol->size ? "\r\n" : "");
  write_all(c, head, size);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = count++};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void open_all(char **word) {
  text path = unhex(word[1]), protocol = unhex(word[2]);
  first_file = NULL;
  first.size = 0;
  if (word[3][0] == '@') { if (!(first_file = fopen(word[3] + 1, "r"))) die(word[3] + 1); }
  else first = unhex(word[3]);
  ready_mark = unhex(word[4]);
  first_opcode = atoi(word[7]);
  int port = atoi(word[0]), wanted = atoi(word[5]), begun = count, was_ready = ready;
  double rate = atof(word[6]);
  closed_early = 0;
  account before = take();
  uint64_t end = before.at + 60000000000ull + (uint64_t)(wanted / rate * 1e9);
  while (ready - was_ready < wanted && now_ns() < end) {
    int64_t due = before.at + (int64_t)((count - begun) / rate * 1e9) - (int64_t)now_ns();
    int is_waiting = count - begun == wanted || count - begun - (ready - was_ready) >= OPENING_MAX;
    if (!is_waiting && due <= 0) dial(port, &path, &protocol);
    else { wait_for(is_waiting ? 20000000 : due); continue; }
    wait_for(0);
  }
  account after = take();
  if (first_file) fclose(first_file);
  printf("{\"opened\":%d,\"refused\":%d,\"closed\":%d,\"seconds\":%.6f,\"serverNs\":%llu,"
         "\"ownNs\":%llu}\n",
         ready - was_ready - closed_early, refused, closed_early, (after.at - before.at) / 1e9,
         (unsigned long long)(after.servers - before.servers),
         (unsigned long long)(after.own - before.own));
}

static void define_stream(char **word) {
  stream *s = &streams[atoi(word[0])];
  int32_t *left = s->left ? s->left : calloc(RING, sizeof *left);
  *s = (stream){.conn = atoi(word[1]), .prefix = unhex(word[2]), .suffix = unhex(word[3]),
    .opcode = atoi(word[4]), .expected = atoi(word[5]), .bytes = atoi(word[6]), .left = left};
  printf("{}\n");
}

/* Sends what is due; when the next is, at most `far` from now. */
static int64_t keep_going(int id, uint64_t now, int64_t far) {
  stream *s = &streams[id];
  if (s->window > 0) {
    int flying = s->sent - s->done;
    if (flying <= s->window / 2) publish(id, s->window - flying, now);
    return far;
  }
  for (;;) {
    int64_t left = (int64_t)(s->begun_ns + (uint64_t)(s->sent / s->rate * 1e9)) - (int64_t)now;
    if (left > 0) return left < far ? left : far;
    if ((uint64_t)-left > s->late_ns) s->late_ns = -left;
    publish(id, 1, now + left);
  }
}

static void load(const int *ids, int n, double seconds) {
  uint64_t begun = now_ns(), end = begun + seconds * 1e9;
  for (int i = 0; i < n; i++) {
    stream *s = &streams[ids[i]];
    memset(s->left, 0, RING * sizeof *s->left);
    memset(s->took, 0, sizeof s->took);
    s->sent = s->done = s->delivered = s->extra = s->late_ns = 0;
    s->begun_ns = begun;
  }
  for (uint64_t now; (now = now_ns()) < end;) {
    int64_t next = end - now;
    for (int i = 0; i < n; i++) next = keep_going(ids[i], now, next);
    wait_for(next);
  }
  end = now_ns() + 10000000000ull;
  for (;;) {
    int flying = 0;
    for (int i = 0; i < n; i++) flying += streams[ids[i]].sent - streams[ids[i]].done;
    if (flying == 0 || now_ns() > end) return;
    wait_for(20000000);
  }
}

static void run(char **word, int words) {
  int ids[STREAMS], n = 0;
  for (int i = 2; i + 1 < words && n < STREAMS; i += 2) {
    stream *s = &streams[ids[n++] = atoi(word[i])];
    s->window = word[i + 1][0] == 'w' ? atoi(word[i + 1] + 1) : 0;
    s->rate = atof(word[i + 1] + 1);
  }
  closed_early = 0;
  if (atof(word[1]) > 0) load(ids, n, atof(word[1]));
  account a = take();
  load(ids, n, atof(word[0]));
  account b = take();
  long tick = sysconf(_SC_CLK_TCK);
  printf("{\"seconds\":%.6f,\"serverNs\":%llu,\"ownNs\":%llu,\"busyNs\":%.0f,\"stealNs\":%.0f,"
         "\"reads\":%llu,\"bytes\":%llu,\"closed\":%d,\"streams\":[",
         (b.at - a.at) / 1e9, (unsigned long long)(b.servers - a.servers),
         (unsigned long long)(b.own - a.own), (b.busy - a.busy) * (1e9 / tick),
         (b.steal - a.steal) * (1e9 / tick), (unsigned long long)(b.reads - a.reads),
         (unsigned long long)(b.bytes - a.bytes), closed_early);
  for (int i = 0; i < n; i++) {
    stream *s = &streams[ids[i]];
    printf("%s{\"sent\":%llu,\"delivered\":%llu,\"missing\":%llu,\"extra\":%llu,\"lateUs\":%.0f,"
           "\"p50Us\":%.1f,\"p90Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"maxUs\":%.1f}",
           i ? "," : "", (unsigned long long)s->sent, (unsigned long long)s->delivered,
           (unsigned long long)(s->sent * s->expected - s->delivered), (unsigned long long)s->extra,
           s->late_ns / 1e3, percentile(s, 0.5), percentile(s, 0.9), percentile(s, 0.99),
           percentile(s, 0.999), percentile(s, 1));
  }
  printf("]}\n");
}

static void close_all(void) {
  for (int i = 0; i < count; i++) if (all[i].state != CLOSED) close(all[i].fd);
  count = ready = 0;
  printf("{}\n");
}

int main(void) {
  char *line = NULL, *word[PIDS_MAX + 1];
  size_t room = 0;
  poller = epoll_create1(0);
  buffer = malloc(READ_MAX);
  for (;;) {
    /* While nothing is asked for, pings are still answered. */
    struct pollfd in = {0, POLLIN, 0};
    while (poll(&in, 1, 0) == 0) wait_for(20000000);
    if (getline(&line, &room, stdin) <= 0) return 0;
    int words = 0;
    for (char *w = strtok(line, " \n"); w && words < PIDS_MAX; w = strtok(NULL, " \n"))
      word[words++] = w;
    if (words == 0) continue;
    if (!strcmp(word[0], "pids")) {
      pid_count = words - 1;
      for (int i = 0; i < pid_count; i++) pids[i] = atoi(word[i + 1]);
      printf("{}\n");
    } else if (!strcmp(word[0], "auto")) {
      question = unhex(word[1]);
      answer = unhex(word[2]);
      printf("{}\n");
    } else if (!strcmp(word[0], "open")) open_all(word + 1);
    else if (!strcmp(word[0], "stream")) define_stream(word + 1);
    else if (!strcmp(word[0], "run")) run(word + 1, words - 1);
    else if (!strcmp(word[0], "close")) close_all();
    else { fprintf(stderr, "unknown: %s\n", word[0]); return 2; }
    fflush(stdout);
  }
}
