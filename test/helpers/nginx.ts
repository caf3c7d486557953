/** A real nginx before nodes, in a throw-away folder: one server for each way to set it up. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {eventually} from './eventually.js'
import {freePorts} from './free-port.js'

export interface Nginx<Name extends string> extends AsyncDisposable {
  /** Where each server listens: "127.0.0.1:4711". */
  readonly hosts: Readonly<Record<Name, string>>
}

/** `servers`: what stands in each server block; `$nodes` is the upstream. */
export async function startNginx<Name extends string>(
  nodes: readonly string[], servers: Readonly<Record<Name, string>>,
): Promise<Nginx<Name>> {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-nginx-'))
  const names = Object.keys(servers) as Name[]
  const ports = await freePorts(names.length)
  const blocks = names.map((name, index) =>
    `server { listen 127.0.0.1:${ports[index]}; ${servers[name]} }`)
  await writeFile(join(folder, 'nginx.conf'), `
    daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr warn;
    events { worker_connections 512; }
    http {
      access_log off;
      client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
      uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
      upstream nodes { ${nodes.map((node) => `server ${node};`).join(' ')} }
      ${blocks.join('\n')}
    }`)
  const env = {...process.env, PATH: [process.env['PATH'], '/usr/sbin'].join(delimiter)}
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    env, stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.once('error', (error) => (output += error.message))
  const hosts = names.map((_, index) => `127.0.0.1:${ports[index]}`)
  await eventually(
    () => fetch(`http://${hosts.at(-1)}/`).then(() => true, () => false),
    {what: `nginx to answer; it said: ${output}`, timeoutMs: 10_000},
  )
  return {
    hosts: Object.fromEntries(names.map((name, index) => [name, hosts[index]])) as Record<Name, string>,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close')
      child.kill('SIGKILL')
      await ended
      await rm(folder, {recursive: true, force: true})
    },
  }
}
