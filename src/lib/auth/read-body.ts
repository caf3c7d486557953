/** The body of a response as text; rejects once it is longer than that, or not UTF-8. */
export async function readBody(response: Response, bytesMax: number): Promise<string> {
  return response.body === null ? '' : readText(response.body, bytesMax)
}

/** The same for any stream of bytes, which is destroyed when it is too long. */
export async function readText(
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
