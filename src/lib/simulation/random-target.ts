import type {Target} from '../protocol/target.js'
import type {SimRandom} from './sim-random.js'

export function randomTarget(random: SimRandom): Target {
  const draw = random.next()
  if (draw < 0.5) return {kind: 'everyone'}
  if (draw < 0.6) return {kind: 'registered'}
  if (draw < 0.7) return {kind: 'group', ids: ['staff']}
  if (draw < 0.8) return {kind: 'session', ids: [`s${random.integer(1, 4)}`]}
  return {kind: 'user', ids: [`u${random.integer(1, 4)}`]}
}
