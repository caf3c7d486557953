/** Ids that must not be mixed up are branded strings; only these functions make them. */
declare const brand: unique symbol

type Branded<T, Name extends string> = T & {readonly [brand]: Name}

/** One running node process. A restarted process is another node and has another id. */
export type NodeId = Branded<string, 'NodeId'>

/** 1 to 32 of a-z, 0-9 and hyphen: it fits a fixed-width column and needs no escaping. */
const NODE_ID = /^[a-z0-9][a-z0-9-]{0,31}$/

export function isNodeId(text: string): text is NodeId {
  return NODE_ID.test(text)
}

/** Throws a RangeError on text that is no node id; check text from outside with isNodeId first. */
export function nodeId(text: string): NodeId {
  if (!isNodeId(text)) throw new RangeError(`Not a node id: ${JSON.stringify(text)}`)
  return text
}
