/** The thread that reads a snapshot: asked by workerData, answers with one message. */
import {readFileSync} from 'node:fs'
import {parentPort, workerData} from 'node:worker_threads'
import {assert} from '../util/assert.js'
import {findHolders, type SnapshotFile} from './find-holders.js'
import type {FollowRequest} from './heap-snapshot.js'

assert(parentPort, 'follow-thread.js runs in a worker thread')

const {file, ids}: FollowRequest = workerData
const snapshot: SnapshotFile = JSON.parse(readFileSync(file, 'utf8'))
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
parentPort.postMessage(findHolders(snapshot, ids))
