/** What was typed or pasted into the field of a code: its digits alone, whatever stood between them, and no more than there are. */
export function digits(typed: string, length: number): string {
  return Array.from(typed.normalize('NFKC')).filter((c) => c >= '0' && c <= '9').join('').slice(0, length)
}

/** A code whose every digit is there is sent by itself, but not the same one twice: who was refused corrects it first. */
export function ready(code: string, length: number, sent: string): boolean {
  return code.length === length && code !== sent
}

/** A secret in groups of four, as one copies it from a screen by hand. */
export function grouped(secret: string, size = 4): string {
  return secret.match(new RegExp(`.{1,${String(size)}}`, 'g'))?.join(' ') ?? ''
}
