/** "14:02:11.123", here. */
export function timeOf(at: number): string {
  const date = new Date(at)
  const ms = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
