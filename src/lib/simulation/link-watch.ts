import type {MeshEffect} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import {check} from './violation.js'

/** The links and requests of one core, from what it was told and what it asked for. */
export class LinkWatch {
  readonly #node: string
  readonly #dialling = new Set<number>()
  readonly #open = new Set<number>()
  #dialledMax = 0
  #storeRequest: number | undefined

  constructor(node: string) {
    this.#node = node
  }

  get count(): number {
    return this.#dialling.size + this.#open.size
  }

  event(event: MeshEvent): void {
    switch (event.type) {
      case 'link-opened': {
        // A link that the core gave up meanwhile is no news to it.
        if (this.#dialling.delete(event.link)) this.#open.add(event.link)
        return
      }
      case 'link-accepted': {
        this.#open.add(event.link)
        return
      }
      case 'link-failed': {
        this.#dialling.delete(event.link)
        return
      }
      case 'link-closed': {
        this.#open.delete(event.link)
        return
      }
      case 'pool-read':
      case 'lease-swapped':
      case 'store-failed': {
        if (this.#storeRequest === event.request) this.#storeRequest = undefined
        return
      }
      default: {
        return
      }
    }
  }

  effect(effect: MeshEffect): void {
    switch (effect.type) {
      case 'dial': {
        const {link} = effect
        check(link % 2 === 1 && link > this.#dialledMax, 'linkNumbers', () => {
          return `${this.#node} dialled with ${link} after ${this.#dialledMax}`
        })
        this.#dialledMax = link
        this.#dialling.add(link)
        return
      }
      case 'send': {
        check(this.#open.has(effect.link), 'deadLink', () => {
          return `${this.#node} sent ${effect.frame.type} on link ${effect.link}`
        })
        return
      }
      case 'close-link': {
        const isKnown = this.#open.delete(effect.link) || this.#dialling.delete(effect.link)
        check(isKnown, 'deadLink', () => `${this.#node} closed link ${effect.link}`)
        return
      }
      case 'read-pool':
      case 'swap-lease': {
        check(this.#storeRequest === undefined, 'oneStoreRequest', () => {
          return `${this.#node} asked ${effect.type} while ${this.#storeRequest} is under way`
        })
        this.#storeRequest = effect.request
        return
      }
      default: {
        return
      }
    }
  }
}
