import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {contextFlag, durationFlag, poolFlags, repeatable, secretFlags} from '../lib/cli/flags.js'
import {
  makePublishToken, makeToken, type PublishTokenJson, type TokenJson,
} from '../lib/cli/make-token.js'

const HOUR_MS = 3_600_000

export default class TokenCommand extends BaseCommand {
  static override summary = 'make a token that proves who a client is'
  static override examples = [
    'wsmesh token --user 42',
    'wsmesh token --user 42 --group staff --group editors --ttl 8h',
    'wsmesh token --user 42 --session 9f2c --json',
    'wsmesh token --backend shop --ttl 30d',
  ]
  static override jsonFields = ['token', 'user', 'groups', 'session', 'expires',
    'of --backend: token', 'backend', 'expires']
  static override flags = {
    user: Flags.string({
      char: 'u',
      exactlyOne: ['user', 'backend'],
      helpValue: 'ID',
      summary: "the user that the token's holder is",
    }),
    group: repeatable({char: 'g', helpValue: 'NAME', summary: 'a group of the user (repeatable)'}),
    backend: Flags.string({
      exclusive: ['group', 'session'],
      helpValue: 'NAME',
      summary: 'a token for this backend to publish with: POST /publish',
    }),
    session: Flags.string({helpValue: 'ID', summary: "the user's session"}),
    ttl: durationFlag({
      default: HOUR_MS,
      minMs: 1,
      maxMs: 30 * 24 * HOUR_MS,
      summary: 'how long it is valid: 1ms to 30d',
    }),
    context: contextFlag(),
    'data-dir': poolFlags()['data-dir'],
    ...secretFlags(),
  }

  async run(): Promise<TokenJson | PublishTokenJson> {
    const {flags} = await this.parse(TokenCommand)
    const common = {
      ttlMs: flags.ttl,
      dataDir: flags['data-dir'],
      secretFile: flags['secret-file'],
      env: process.env,
    }
    const token = flags.backend !== undefined ? await makePublishToken({
      ...common, backend: flags.backend,
    }) : await makeToken({
      ...common,
      user: flags.user ?? '',
      groups: flags.group ?? [],
      session: flags.session,
      onSecretMade: (path) => this.notice(`Made a new mesh secret: ${path}`),
    })
    this.print(token.token)
    return token
  }
}
