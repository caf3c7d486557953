/** What one message costs all processes together, step by step, at the rate that is asked. */
import {unreachable} from '../util/assert.js'
import type {Costs} from './costs.js'
import {masterLoops} from './master-relay.js'
import {natsLoops, spreadOf, storedUs} from './nats-relay.js'
import {deliveryUs} from './node-work.js'
import {type Question, shapeOf} from './question.js'
import {turnsOf} from './turns.js'

export interface Step {
  readonly step: 'publish' | 'relay' | 'store' | 'pass on' | 'receive' | 'deliver'
  readonly at: string
  /** Processor time a message, of all that do it. */
  readonly us: number
}

/** In the order in which a message meets them. Empty where nothing is sent. */
export function messagePrice(question: Question, costs: Costs): readonly Step[] {
  if (question.ratePerS <= 0) return []
  switch (question.relay) {
    case 'master':
      return withMaster(question, costs)
    case 'nats':
      return onNats(question, costs)
    default:
      return unreachable(question.relay)
  }
}

function withMaster(question: Question, costs: Costs): readonly Step[] {
  const {nodes, ratePerS} = question
  const shape = shapeOf(question)
  const {master, node} = masterLoops(question, costs)
  const [led, followed] = [turnsOf(master).perS, turnsOf(node).perS]
  const followers = nodes - 1
  const ownUs = (ratePerS / nodes) * costs.publishUs
  const atMasterUs = deliveryUs(question, shape, costs, led)
  const atNodeUs = deliveryUs(question, shape, costs, followed)
  return stepsOf(ratePerS, [
    ['publish', "the publisher's node", ratePerS * costs.publishUs],
    ['relay', 'the master', master.workUs(led) - ownUs - atMasterUs],
    ['receive', 'all followers', followers * (node.workUs(followed) - ownUs - atNodeUs)],
    ['deliver', 'all nodes', atMasterUs + followers * atNodeUs],
  ])
}

function onNats(question: Question, costs: Costs): readonly Step[] {
  const {nodes, ratePerS} = question
  const shape = shapeOf(question)
  const {node} = natsLoops(question, costs)
  const reached = spreadOf(question).nodes
  const {perS} = turnsOf(node)
  const publishUs = ratePerS * (costs.natsPublishUs + reached * costs.natsReportUs)
  const deliverUs = nodes * deliveryUs(question, shape, costs, perS)
  return stepsOf(ratePerS, [
    ['publish', "the publisher's node", publishUs],
    ['store', 'the NATS servers', ratePerS * storedUs(question, costs)],
    ['pass on', 'the NATS servers', ratePerS * reached * costs.serverCopyUs],
    ['receive', 'nodes that need it', nodes * node.workUs(perS) - publishUs - deliverUs],
    ['deliver', 'all nodes', deliverUs],
  ])
}

function stepsOf(
  ratePerS: number, steps: readonly (readonly [step: Step['step'], at: string, us: number])[],
): readonly Step[] {
  return steps.map(([step, at, us]) => ({step, at, us: Math.max(0, us) / ratePerS}))
}
