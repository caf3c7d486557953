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
  const cells = rows.map((row) => columns.map((column) => cellOf(column.cell(row))))
  const headers = columns.map(({header}) => header)
  const natural = columns.map((_, index) =>
    Math.max(width(headers[index] ?? ''), ...cells.map((row) => width(row[index]?.text ?? ''))),
  )
  const widths = fit(columns, natural, options.widthMax)
  const header = line(columns, headers.map((text) => ({text})), widths)
  return [
    options.headerStyle ? options.headerStyle(header) : header,
    ...cells.map((row) => line(columns, row, widths)),
  ]
}

function cellOf(cell: Cell | string): Cell {
  const {text, ...rest} = typeof cell === 'string' ? {text: cell} : cell
  return {...rest, text: text === '' ? '-' : printable(text)}
}

function line<Row>(
  columns: readonly Column<Row>[],
  cells: readonly Cell[],
  widths: readonly number[],
): string {
  const parts = columns.map((column, index) => {
    const cell = cells[index] ?? {text: ''}
    const size = widths[index] ?? 0
    const text = truncate(cell.text, size)
    const blank = ' '.repeat(Math.max(0, size - width(text)))
    const padded = column.align === 'right' ? blank + text : text + blank
    return cell.style ? cell.style(padded) : padded
  })
  return parts.join(GAP).trimEnd()
}

function fit<Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  widthMax: number | undefined,
): readonly number[] {
  const widths = [...natural]
  if (widthMax === undefined) return widths
  const total = () => widths.reduce((sum, size) => sum + size + GAP.length, -GAP.length)
  while (total() > widthMax) {
    let widest = -1
    for (const [index, column] of columns.entries()) {
      const size = widths[index] ?? 0
      if (column.shrinks && size > SHRUNK_MIN && size > (widths[widest] ?? 0)) widest = index
    }
    if (widest === -1) return widths
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

function width(text: string): number {
  return Array.from(text).length
}
