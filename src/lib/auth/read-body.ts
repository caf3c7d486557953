/**
 * The body of an answer as text; rejects once it is longer than that, which ends the stream, or
 * where it is not UTF-8.
 */
export async function readBody(
  stream: AsyncIterable<Uint8Array>, bytesMax: number,
): Promise<string> {
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of stream) {
    total += chunk.byteLength
    // Leaving the loop cancels the stream.
    if (total > bytesMax) throw new Error(`it answers more than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', {fatal: true}).decode(Buffer.concat(chunks))
}
