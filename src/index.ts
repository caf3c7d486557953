/** The library: what a program imports from 'wsmesh'. */
export {WsmeshError} from './lib/util/errors.js'
