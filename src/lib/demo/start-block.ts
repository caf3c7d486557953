/** What the demo prints when it stands. Pure. */
import type {MeshView, NodeView} from './mesh-view.js'
import type {TryCommand} from './shell-text.js'

/** The part of chalk that is used: colour only stresses what a word or a sign says. */
export interface Colours {
  bold(text: string): string
  dim(text: string): string
  cyan(text: string): string
  green(text: string): string
}

export interface StartBlock {
  /** Undefined: --no-page. */
  readonly pageUrl: string | undefined
  readonly pool: string
  readonly actions: string
  readonly view: MeshView
  readonly commands: readonly TryCommand[]
}

export function renderStartBlock(block: StartBlock, colours: Colours): string {
  const {pageUrl, pool, actions, view, commands} = block
  const {nodes} = view
  const count = `${nodes.length} node${nodes.length === 1 ? '' : 's'}`
  const widest = Math.max(...commands.map(({command}) => command.length))
  // A long data folder makes the commands long: then the reasons go on lines of their own.
  const isWide = widest > 64
  const lines = [
    `${colours.green('✓')} ${colours.bold(`The demo is running: ${count}, one mesh.`)}`,
    '',
    ...(pageUrl === undefined ? [] : [`  Page     ${colours.bold(colours.cyan(pageUrl))}`]),
    `  Pool     ${pool}`,
    `  Actions  ${actions}`,
    '',
    ...nodeLines(nodes, colours),
    ...otherMasterLines(view),
    '',
    colours.bold('Try next, in another terminal:'),
    '',
    ...commands.map(({command, why}) =>
      isWide
        ? `  ${colours.dim(`# ${why}`)}\n  ${command}`
        : `  ${command.padEnd(widest)}  ${colours.dim(`# ${why}`)}`,
    ),
    '',
    colours.dim('Ctrl-C ends the demo and all its nodes.'),
  ]
  return lines.join('\n')
}

/** Whoever has nodes of his own running shall not wonder where the master is. */
function otherMasterLines({master, nodes}: MeshView): readonly string[] {
  if (master === null || nodes.some(({id}) => id === master)) return []
  return ['', `  They joined nodes that were in the pool before: the master is ${master}.`]
}

function nodeLines(nodes: readonly NodeView[], colours: Colours): readonly string[] {
  const cells = nodes.map(({name, id, role, pid, clientUrl}) => [
    `node ${name}`, id ?? '-', role, `pid ${pid ?? '-'}`, clientUrl ?? '-',
  ])
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  return cells.map((row) => {
    const isMaster = row[2] === 'master'
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
    return isMaster ? colours.bold(`  ★ ${line}`) : `    ${line}`
  })
}
