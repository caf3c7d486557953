import {testSeeds} from './run-part.js'

testSeeds(1)
