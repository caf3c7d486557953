import {printable, truncate} from './printable.js'

export interface Cell {
  readonly text: string
  /** Applied after padding, so that colours do not count as width. */
  readonly style?: (text: string) => string
}

export interface Column<Row> {
  readonly header: string
  readonly cell: (row: Row) => Cell | string
  readonly align?: 'left' | 'right'
  /** Cut to fit the screen, longest first; other columns are never cut. */
  readonly shrinks?: boolean
  /** Left out of a screen too narrow for all: the lowest number goes first. */
  readonly dropsAs?: number
}

export interface TableOptions {
  /** Columns of the screen; undefined: a pipe, where nothing is cut. */
  readonly widthMax?: number | undefined
  readonly headerStyle?: (text: string) => string
}

const GAP = '  '
const SHRUNK_MIN = 8

/**
 * Plain aligned columns, two spaces between, no lines: `grep` and `awk` read it as well as people.
 * An empty cell is a hyphen, so that the columns of a row can be counted.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions = {},
): string[] {
  const built = columns.map((column) => build(column, rows))
  const shown = fit(built, options.widthMax)
  const header = line(shown, (column) => ({text: column.column.header}))
  return [
    options.headerStyle ? options.headerStyle(header) : header,
    ...rows.map((_, row) => line(shown, ({cells}) => cells[row] ?? {text: ''})),
  ]
}

interface Built<Row> {
  readonly column: Column<Row>
  readonly cells: readonly Cell[]
  width: number
}

function build<Row>(column: Column<Row>, rows: readonly Row[]): Built<Row> {
  const cells = rows.map((row) => cellOf(column.cell(row)))
  return {
    column,
    cells,
    width: Math.max(width(column.header), ...cells.map(({text}) => width(text))),
  }
}

function cellOf(cell: Cell | string): Cell {
  const {text, ...rest} = typeof cell === 'string' ? {text: cell} : cell
  return {...rest, text: text === '' ? '-' : printable(text)}
}

function line<Row>(columns: readonly Built<Row>[], cellIn: (column: Built<Row>) => Cell): string {
  const parts = columns.map((column) => {
    const cell = cellIn(column)
    const text = truncate(cell.text, column.width)
    const blank = ' '.repeat(Math.max(0, column.width - width(text)))
    const padded = column.column.align === 'right' ? blank + text : text + blank
    return cell.style ? cell.style(padded) : padded
  })
  return parts.join(GAP).trimEnd()
}

/** Leaves out columns that may go, then cuts the widest that may be cut. */
function fit<Row>(built: readonly Built<Row>[], widthMax = Infinity): readonly Built<Row>[] {
  let columns = built
  while (totalWidth(columns) > widthMax) {
    const widest = columns
      .filter((column) => column.column.shrinks && column.width > SHRUNK_MIN)
      .toSorted((a, b) => b.width - a.width)[0]
    const dropped = columns
      .filter(({column}) => column.dropsAs !== undefined)
      .toSorted((a, b) => (a.column.dropsAs ?? 0) - (b.column.dropsAs ?? 0))[0]
    if (dropped) columns = columns.filter((column) => column !== dropped)
    else if (widest) widest.width -= 1
    else break
  }
  return columns
}

function totalWidth<Row>(columns: readonly Built<Row>[]): number {
  return columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length)
}

function width(text: string): number {
  return Array.from(text).length
}
