import type {ErrorCode} from '../../util/errors.js'
import type {Advice} from './advice.js'

type RelayCode = Extract<ErrorCode, `RELAY_${string}`>

const INIT = 'wsmesh relay init --print   (the stream, and what a user needs to be allowed)'

/** Codes of a relay that is a service of its own: NATS. */
export const RELAY_ADVICE: Readonly<Record<RelayCode, Advice>> = {
  RELAY_DENIED: {
    what: 'NATS does not let this node in, or not do what it has to.',
    why: 'A wrong password, credentials of another account, or rights that lack a subject.',
    todo: ['--relay-creds FILE or --relay-nkey FILE, or WSMESH_RELAY=nats://USER:PASSWORD@host',
      INIT],
  },
  RELAY_UNREACHABLE: {
    what: 'NATS does not answer.',
    why: 'It is down, in another place, behind a firewall, or its stream has no leader.',
    todo: ['nats-server -js   (one on this machine)', '--relay nats://host:4222,host:4222'],
  },
  RELAY_UNUSABLE: {
    what: 'NATS answers, but cannot be the relay as it is.',
    why: 'JetStream is not enabled, the server is older than 2.9, more replicas are asked for than '
      + 'there are servers, or the stream was made with other settings.',
    todo: [INIT, 'nats-server --version', 'nats stream info WSMESH'],
  },
}
