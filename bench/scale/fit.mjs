/** From runs to costs: least squares of the same formulas that the model of src/lib/scale has. */
import {turnCostUs} from '../../dist/lib/scale/turns.js'

const ROUNDS = 50_000

/**
 * Coefficients of at least 0. `rows`: [{y, xs}]; between relative and absolute errors, since what
 * is reckoned with them is mostly larger than what was measured.
 */
export function solve(rows) {
  const good = rows.filter(({y}) => y > 0)
  const scaled = good.map(({y, xs}) => xs.map((x) => x / Math.sqrt(y)))
  const count = scaled[0]?.length ?? 0
  const found = Array.from({length: count}, () => 0)
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let at = 0; at < count; at += 1) {
      let [over, under] = [0, 0]
      for (const [row, xs] of scaled.entries()) {
        const rest = xs.reduce((sum, x, other) => (other === at ? sum : sum + x * found[other]), 0)
        over += xs[at] * (Math.sqrt(good[row].y) - rest)
        under += xs[at] * xs[at]
      }
      found[at] = under > 0 ? Math.max(0, over / under) : 0
    }
  }
  return found
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const isSame = (a, b) => a.kind === b.kind && a.size === b.size && a.servers === b.servers

/** Nodes that a message reaches. */
const reach = ({to, size}) => (to === 'nobody' ? 0 : to === 'one' ? 1 : size)

const turning = (turns) => [turns, turnCostUs(turns, 0, 1)]

/** Each run under load with the idle one of its mesh, whatever was measured more than once. */
function pairs(runs) {
  return runs.filter(({perS}) => perS > 0).flatMap((run) => {
    const idle = runs.filter((other) => other.perS === 0 && isSame(run, other)).at(-1)
    return idle ? [{run, idle}] : []
  })
}

function above({run, idle}, index, name = 'us') {
  return run.nodes[index][name] - idle.nodes[index][name]
}

/** All that was measured of a mesh with a master, at once: each node by what it did. */
function masterCosts(runs) {
  const rows = pairs(runs.filter(({kind, size}) =>
    kind === 'followed' || (kind === 'master' && size <= CORES_ENOUGH_FOR)))
    .flatMap((pair) => pair.run.nodes.map((node, at) => rowOf(pair, node, at)))
  const [turnUs, wakeUs, publishUs, orderUs, exchangeUs, copyUs, receiveUs] = solve(rows)
  const idle = runs.filter(({kind, perS}) => kind === 'master' && perS === 0)
    .flatMap(({nodes}) => nodes.filter(({role}) => role === 'follower').map(({us}) => us))
  return {
    idleUs: median(idle), turnUs, wakeUs, publishUs, orderUs, exchangeUs, copyUs, receiveUs,
  }
}

/** Larger meshes are more processes than two cores: every one of them finds its caches cold. */
const CORES_ENOUGH_FOR = 4
const ALONE_TURN_US = 100

function rowOf(pair, {role}, at) {
  const {size, perS, publisher} = pair.run
  const y = above(pair, at)
  const own = at === publisher ? perS : 0
  const framesIn = above(pair, at, 'linkFramesIn')
  const framesOut = above(pair, at, 'linkFramesOut')
  if (role !== 'master') {
    return {y, xs: [...turning(framesIn + (own ? framesOut / 2 : 0)), own, 0, 0, 0, perS]}
  }
  const followers = size - 1
  if (followers === 0) {
    return {y, xs: [...turning(perS / (1 + (perS * ALONE_TURN_US) / 1e6)), own, perS, 0, 0, 0]}
  }
  // What came is sent on, in one turn; and answers come, in another.
  const turns = (2 * framesOut) / followers
  return {y, xs: [...turning(turns), own, perS, framesOut, perS * followers, 0]}
}

function deliveryCosts(runs, {publishUs, orderUs, turnUs, wakeUs}) {
  const own = runs.filter(({kind}) => kind === 'delivery')
  const idle = own.filter(({to}) => to === 'none').at(-1)
  const of = (to) => own.filter((run) => run.to === to)
    .map((run) => ({...run, us: run.nodes[0].us - idle.nodes[0].us}))
  const aMessage = publishUs + orderUs
  const writeUs = median(of('all').map(({us, perS, clients}) =>
    (us - perS * aMessage - turnCostUs(perS, turnUs, wakeUs)) / perS / clients))
  const moreUs = median(of('all of 16').map(({us, perS, clients}) => {
    const bursts = perS / 16
    const burstsUs = turnCostUs(bursts, turnUs, wakeUs) + bursts * clients * writeUs
    return (us - perS * aMessage - burstsUs) / bursts / clients / 15
  }))
  // At the highest rate, where the difference stands out most.
  const [one, nobody] = ['one', 'nobody'].map((to) => of(to).toSorted((a, b) => b.perS - a.perS)[0])
  const alone = one.us / one.perS - nobody.us / nobody.perS
  return {deliverUs: Math.max(writeUs, alone), writeUs, moreUs: Math.max(0, moreUs)}
}

function natsCosts(runs, {deliverUs}) {
  const own = runs.filter(({kind}) => kind === 'nats')
  const one = pairs(own.filter(({servers}) => servers === 1))
  const nodes = one.flatMap((pair) => {
    const {run} = pair
    const {perS, to, size} = run
    return run.nodes.flatMap((_, index) => {
      const isPublisher = index === 0
      const isReached = to === 'everyone' || (to === 'one' && index === 1)
      // There the clients are: what is for everyone is mostly writing to them.
      const isCrowded = to === 'everyone' && index === 1
      if (isCrowded || (!isPublisher && !isReached)) return []
      const y = above(pair, index) - (to === 'one' && index === 1 ? perS * deliverUs : 0)
      const published = isPublisher ? perS : 0
      // Its own report goes by no message.
      const reports = isPublisher ? perS * (to === 'everyone' ? size - 1 : reach(run)) : 0
      const arrived = isReached ? perS : 0
      const turns = (to === 'nobody' ? 2 : 3) * published + arrived
      return [{y, xs: [turnCostUs(turns, 0, 1), published, arrived, reports]}]
    })
  })
  const [natsWakeUs, natsPublishUs, natsArriveUs, natsReportUs] = solve(nodes)
  const servers = one.map(({run, idle}) => ({
    y: run.others[0] - idle.others[0],
    xs: [turnCostUs(run.perS * (1 + reach(run)), 0, 1), run.perS, run.perS * reach(run)],
  }))
  const [serverWakeUs, serverStoreUs, serverCopyUs] = solve(servers)
  const three = pairs(own.filter((run) => run.servers === 3)).map(({run, idle}) => {
    const us = run.others.map((each, at) => each - idle.others[at]).toSorted((a, b) => b - a)
    const woken = turnCostUs(run.perS, 0, serverWakeUs)
    return {
      replica: (us[0] - woken - run.perS * serverStoreUs) / run.perS / 2,
      follow: ((us[1] + us[2]) / 2 - woken) / run.perS, perS: run.perS,
    }
  })
  // Gathered as it is under load: what a copy costs then.
  const busiest = three.toSorted((a, b) => b.perS - a.perS)[0]
  return {
    natsWakeUs, natsPublishUs, natsArriveUs, natsReportUs, serverWakeUs, serverStoreUs,
    serverCopyUs, serverReplicaUs: Math.max(0, busiest.replica),
    serverFollowUs: Math.max(0, busiest.follow),
  }
}

function clientCosts(runs) {
  const of = (kind, isTls, isResumed) => runs.filter((run) => run.kind === kind
    && run.isTls === isTls && (isResumed === undefined || run.isResumed === isResumed))
  const arriveUs = median(of('arrival', false, false).map(({us}) => us))
  const plain = of('idle', false)
  const connectionBytes = median(plain.map(({bytes}) => bytes))
  return {
    arriveUs,
    tlsUs: median(of('arrival', true, false).map(({us}) => us)) - arriveUs,
    tlsAgainUs: median(of('arrival', true, true).map(({us}) => us)) - arriveUs,
    pingUs: median(plain.map(({us, pingsPerS}) => us / pingsPerS)),
    connectionBytes,
    tlsBytes: median(of('idle', true).map(({bytes}) => bytes)) - connectionBytes,
    nodeBytes: median(plain.map(({nodeBytes}) => nodeBytes)),
  }
}

function storeCosts(runs) {
  const own = runs.filter(({kind}) => kind === 'store')
  const [beatUs, beatRowUs] = solve(own.map(({us, rows}) => ({y: us, xs: [1, rows]})))
  const [, nodeRowUs] = solve(own.map(({nodeUs, rows}) => ({y: nodeUs, xs: [1, rows]})))
  return {beatUs, beatRowUs, nodeRowUs}
}

function memoryCosts(runs) {
  const last = (kind) => runs.filter((run) => run.kind === kind).at(-1)
  const {bytes: historyBytes} = last('history')
  const {bytes: neighbourBytes} = last('neighbours')
  const {node: subjectBytes, server: serverSubjectBytes, passUs, hearUs} = last('subjects')
  return {
    historyBytes, neighbourBytes, subjectBytes, serverSubjectBytes, serverPassUs: passUs,
    newsUs: hearUs + last('neighbours').newsUs,
  }
}

/** Three digits: the rest is noise. */
const short = (value) => Number(value.toPrecision(3))

export function costsOf(runs) {
  const relayed = masterCosts(runs)
  const delivered = deliveryCosts(runs, relayed)
  const costs = {
    ...relayed, ...delivered, ...natsCosts(runs, delivered), ...clientCosts(runs),
    ...storeCosts(runs), ...memoryCosts(runs),
  }
  return Object.fromEntries(Object.entries(costs).map(([name, value]) => [name, short(value)]))
}
