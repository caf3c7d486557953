/** `wsmesh/publisher`. */
export {
  createPublisher,
  type BatchMessage,
  type Publisher,
  type PublisherOptions,
  type SendOptions,
} from './publisher.js'
export {PublishFailed} from './publish-failed.js'
export type {PublishResult} from '../protocol/operator-frame.js'
export type {TargetJson} from '../protocol/target.js'
