import {formatDuration} from '../util/duration.js'
import {
  type Check, error, NOT_USED, notChecked, type Problem, type Verdict, warning,
} from './check.js'
import type {Facts, FrontFacts, UpgradeFacts} from './facts.js'
import {CERTIFICATE_LEFT_MIN_MS} from './file-checks.js'

export const FRONT_CHECKS: readonly Check[] = [
  ofFront('front-answers', 'clients get through by the public URL', judgeUpgrade),
  ofFront('front-certificate', 'its certificate holds, for two weeks at least', judgeCertificate),
  ofFront('front-idle', 'the proxy leaves silent connections alone between pings', judgeIdle),
  ofFront('front-origins', 'the pages of --page are let in there, others are not', judgeOrigins),
  ofFront('front-exposed', 'nothing but the way for clients leads through it', judgeExposed),
]

type JudgeFront = (front: FrontFacts, facts: Facts) => Verdict

function ofFront(id: string, title: string, judge: JudgeFront): Check {
  return {
    id,
    title,
    judge: (facts) => facts.front === undefined
      ? notChecked('no public URL is known: --url wss://example.com/WebSockets')
      : judge(facts.front, facts),
  }
}

const NGINX = 'docs/OPERATIONS.md, "nginx in front", has a block that works'

function judgeUpgrade({url, upgrade, origins}: FrontFacts): Verdict {
  switch (upgrade.type) {
    case 'upgraded':
      return []
    case 'failed':
      if (isDistrusted(upgrade.code)) return notChecked('the certificate is not believed')
      return [error(
        `${url} is not in reach: ${upgrade.message}`,
        'clients that dial it get the same, unless only this machine cannot',
        'Is the name right, does the proxy run, is the port open?',
      )]
    case 'answered':
      // That a page is refused is told of it.
      if (upgrade.status === 403 && origins.some(({answer}) => isRefused(answer))) return []
      return [answeredInstead(url, upgrade)]
    default:
      return upgrade satisfies never
  }
}

function answeredInstead(
  url: string, {status, server}: Extract<UpgradeFacts, {readonly type: 'answered'}>,
): Problem {
  const who = server === undefined ? '' : ` by ${server}`
  const what = `${url} answers ${status}${who} to a WebSocket`
  const {pathname} = new URL(url)
  switch (status) {
    case 400: case 404: case 405: case 426:
      return error(
        what,
        'its path does not lead to the nodes, or the proxy does not pass on Upgrade',
        `location = ${pathname} { proxy_pass …; proxy_http_version 1.1; `
          + 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }',
        NGINX,
      )
    case 403:
      return error(what, 'the node lets in only pages that --origin names, or the proxy refuses',
        'wsmesh doctor --page https://example.com   (whether pages are let in)',
        '--allow-no-origin   (for clients that are no browsers)')
    case 301: case 302: case 303: case 307: case 308:
      return error(what, 'clients do not follow it: a page to log in, or a move to https, stands '
        + 'before the nodes', `location = ${pathname} { … }   (of its own, before what redirects)`,
      'Give the URL that it leads to, wss: where that is https:')
    case 500: case 502: case 504:
      return error(what, 'the proxy reaches no node', 'wsmesh pool list   (are there nodes?)',
        'Compare the addresses in the upstream block with those of the nodes')
    case 503:
      return error(what, 'no node takes clients: draining, isolated or full',
        'wsmesh pool list', `curl http://NODE/healthz`)
    default:
      return error(what, 'clients cannot connect', NGINX)
  }
}

/** Of OpenSSL, as Node names what is wrong with a certificate. */
function isDistrusted(code: string): boolean {
  return /CERT|SIGNED|SIGNATURE|ISSUER|ALTNAME/.test(code)
}

function judgeCertificate({url, upgrade, certificateToMs, nowMs}: FrontFacts): Verdict {
  if (!url.startsWith('wss:')) return NOT_USED
  if (upgrade.type === 'failed') {
    if (!isDistrusted(upgrade.code)) return notChecked('the public URL is not in reach')
    return [error(
      `the certificate at ${url} is not believed: ${upgrade.message}`,
      'browsers refuse it without asking anybody',
      'openssl s_client -connect HOST:443 -showcerts   (which one it is)',
      '--tls-ca FILE   (where it is of a CA of yours)',
    )]
  }
  if (certificateToMs === undefined) return notChecked('the certificate was not told')
  const leftMs = certificateToMs - nowMs
  if (leftMs >= CERTIFICATE_LEFT_MIN_MS) return []
  return [warning(
    `the certificate at ${url} ends in ${formatDuration(Math.max(0, leftMs))}`,
    'from then on no browser connects',
    'Renew it, and have the proxy load it again',
  )]
}

function judgeIdle({url, session}: FrontFacts): Verdict {
  switch (session.type) {
    case 'pinged':
      return []
    case 'not tried':
      return notChecked(session.why)
    case 'refused':
      return notChecked(`the probe was not let in: ${session.why}`)
    case 'silent':
      return [error(
        `${url} opens a connection, and what a client says there has no answer within `
          + formatDuration(session.afterMs),
        'something between keeps messages back until there are more of them, or passes only one '
          + 'direction: clients wait for their proof, and time out',
        'A proxy that passes on each message at once: no buffering, no inspection of contents',
        'wsmesh ping   (whether the nodes themselves are quick)',
      )]
    case 'cut':
      return [error(
        `a silent connection through ${url} was cut after ${formatDuration(session.afterMs)}`,
        `nodes ping every ${formatDuration(session.pingMs)}: every client that is silent loses its `
          + 'connection again and again',
        `proxy_read_timeout ${Math.ceil(Math.max(60_000, session.pingMs * 2) / 1000)}s;   `
          + '(nginx; other proxies and balancers: the idle time-out)',
        `--ping-interval ${shorter(session.afterMs)}   (of every node)`,
      )]
    case 'no ping':
      return [warning(
        `no ping came through ${url} in ${formatDuration(session.afterMs)}`,
        `nodes ping every ${formatDuration(session.pingMs)}: something between swallows them, and `
          + 'nobody notices a dead connection',
        'A proxy that knows WebSocket, or passes bytes on as they are',
      )]
    default:
      return session satisfies never
  }
}

function shorter(ms: number): string {
  return ms >= 3000 ? `${Math.floor(ms / 2000)}s` : `${Math.max(100, Math.floor(ms / 2))}ms`
}

function judgeOrigins({origins, stranger, upgrade}: FrontFacts, {settings}: Facts): Verdict {
  const problems = origins.flatMap(({origin, answer}): Problem[] => {
    if (!isRefused(answer)) return []
    return [error(
      `pages of ${origin} are refused (403)`,
      'their browsers cannot connect',
      ...(settings.origins.includes(origin)
        ? ['The proxy must pass on Origin as it is: no proxy_set_header Origin',
          `--origin ${origin}   (of every node, if they have another one than this machine)`]
        : [`--origin ${origin}   (of every node)`]),
    )]
  })
  if (stranger?.type === 'upgraded') {
    problems.push(error(
      'a page of any site may connect, and the session cookie is the proof',
      'every page in the world can act as whoever visits it',
      '--origin https://example.com   (the pages of the application, at every node)',
    ))
  }
  if (origins.length === 0 && stranger === undefined) {
    return notChecked('no page is named: --page https://example.com')
  }
  return problems.length === 0 && upgrade.type === 'failed'
    ? notChecked('the public URL is not in reach') : problems
}

function isRefused(answer: UpgradeFacts): boolean {
  return answer.type === 'answered' && answer.status === 403
}

function judgeExposed({url, exposed}: FrontFacts): Verdict {
  if (exposed === undefined) return NOT_USED
  return exposed.map((path) => warning(
    `${path} leads to the nodes through ${new URL(url).host}`,
    path === '/mesh'
      ? 'it is for nodes and operators: strangers can knock there, with nothing but the secret '
        + 'to keep them out'
      : 'it is for your own backends: strangers can knock there, with nothing but the keys to '
        + 'keep them out',
    `location = ${new URL(url).pathname} { … }   (this path alone, not location /)`,
    path === '/mesh' ? '--node-listen 10.0.0.5:8081' : '--api-listen unix:/run/wsmesh/api.sock',
  ))
}
