import {APPLICATION_CHECKS} from './application-checks.js'
import type {Check} from './check.js'
import {FILE_CHECKS} from './file-checks.js'
import {FRONT_CHECKS} from './front-checks.js'
import {MACHINE_CHECKS} from './machine-checks.js'
import {MESH_CHECKS} from './mesh-checks.js'
import {SETTINGS_CHECKS} from './settings-checks.js'
import {STORE_CHECKS} from './store-checks.js'

/** Everything that the doctor looks at, in the order in which it tells. */
export const CHECKS: readonly Check[] = [
  ...MACHINE_CHECKS,
  ...FILE_CHECKS,
  ...SETTINGS_CHECKS,
  ...STORE_CHECKS,
  ...MESH_CHECKS,
  ...FRONT_CHECKS,
  ...APPLICATION_CHECKS,
]
