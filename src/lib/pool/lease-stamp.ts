import type {Lease, LeaseStamp} from '../mesh/membership.js'

/** The row of a mesh that has not begun. Version 0 and term 0: any claim is later. */
export function firstLease(epoch: string): Lease {
  return {epoch, term: 0, version: 0, holder: undefined, view: []}
}

export function isSameStamp(one: LeaseStamp, other: LeaseStamp): boolean {
  return one.epoch === other.epoch && one.term === other.term && one.version === other.version
}
