/**
 * Protocol versions. A change of any shape in node-frame.ts, client-frame.ts or operator-frame.ts
 * that an older peer cannot read raises the number and adds a line here.
 *
 * Client 1: object form. Node 1, operator 1: first.
 */
export const CLIENT_PROTOCOL = 1
export const NODE_PROTOCOL = 1
export const OPERATOR_PROTOCOL = 1

export const SUBPROTOCOL = {
  client: 'wsmesh.v1',
  node: 'wsmesh.node.v1',
  operator: 'wsmesh.operator.v1',
} as const
