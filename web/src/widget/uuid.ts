// Each message and each enquiry gets its id here, once, and keeps it through every repeat: the server answers a
// repeat with its first answer, so a message that was sent twice still stands once.

/** A random UUID (RFC 9562 §5.4). `crypto.randomUUID` is absent in insecure contexts and in older engines. */
export function uuid(random: Pick<Crypto, 'getRandomValues'> & Partial<Pick<Crypto, 'randomUUID'>> = crypto): string {
  if (typeof random.randomUUID === 'function') return random.randomUUID()
  const b = random.getRandomValues(new Uint8Array(16))
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(b, (n) => n.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
