/**
 * bin/run.js that can be asked, on the socket `heap-watch` of its temporary folder, what is on its
 * heap: a word is answered with one line of JSON.
 *
 *   objects   how many objects are alive, after a collection
 *   begin     from now on allocations are counted
 *   end       the bytes that were allocated since, whatever became of them
 */
import {once} from 'node:events'
import {Session} from 'node:inspector/promises'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {getHeapSnapshot} from 'node:v8'

const SAMPLE_BYTES = 512
const session = new Session()

/** The first lines of a snapshot say how many objects there are: the rest is not read. */
async function objects() {
  await session.post('HeapProfiler.collectGarbage')
  const snapshot = getHeapSnapshot()
  const [head] = await once(snapshot, 'data')
  snapshot.destroy()
  return {objects: Number(/"node_count":(\d+)/.exec(head.toString())?.[1])}
}

async function begin() {
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLE_BYTES,
    includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true,
  })
  return {}
}

async function end() {
  const {profile} = await session.post('HeapProfiler.stopSampling')
  const sum = ({selfSize, children}) => children.reduce((all, child) => all + sum(child), selfSize)
  return {bytes: sum(profile.head)}
}

const answers = {objects, begin, end}

async function answer(socket, word) {
  socket.end(JSON.stringify(await answers[word]()))
}

session.connect()
createServer((socket) => {
  socket.on('data', (word) => void answer(socket, word.toString()))
}).listen(join(tmpdir(), 'heap-watch')).unref()
await import('../../bin/run.js')
