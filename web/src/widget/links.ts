// Addresses in a message become links, and nothing else does: the text is cut into parts, each part becomes a text
// node or an `a` with a text node (AC-089), and only https and mailto are links at all (AC-091).

export interface Part {
  text: string
  href?: string
}

// Spaces, quotes, angle brackets, control characters and characters that turn the direction of writing end an address:
// the last could show another host than the one that is opened.
const candidate = /(?:https:\/\/|mailto:)[^\s<>"'`\\\p{Cc}\p{Cf}]+|[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)+/giu
const mailbox = /^[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i

export function parts(text: string): Part[] {
  const out: Part[] = []
  let from = 0
  const add = (t: string, href?: string) => {
    const before = out[out.length - 1]
    if (t === '') return
    if (href === undefined && before && before.href === undefined) before.text += t
    else out.push(href === undefined ? { text: t } : { text: t, href })
  }
  for (const hit of text.matchAll(candidate)) {
    const before = text.charAt(hit.index - 1)
    const found = trimmed(hit[0])
    // Part of a longer word (`xhttps://`, `javascript:https://`) is no address.
    const href = before !== '' && /[\p{L}\p{N}_:@/=-]/u.test(before) ? undefined : address(found)
    add(text.slice(from, hit.index))
    add(found, href)
    from = hit.index + found.length
  }
  add(text.slice(from))
  return out
}

/** Punctuation after an address belongs to the sentence; a closing bracket does if it was not opened inside. */
function trimmed(s: string): string {
  for (;;) {
    const end = s.charAt(s.length - 1)
    const opening = { ')': '(', ']': '[', '}': '{' }[end]
    const alone = opening !== undefined && s.split(end).length > s.split(opening).length
    if (!alone && !/[.,;:!?*_~…]/.test(end)) return s
    s = s.slice(0, -1)
  }
}

function address(s: string): string | undefined {
  const mail = s.toLowerCase().startsWith('mailto:') ? s.slice(7) : s.includes('://') ? undefined : s
  // No header fields of a mail (?bcc=, ?attach=): a bare address only.
  if (mail !== undefined) return mailbox.test(mail) ? `mailto:${mail}` : undefined
  let url: URL
  try {
    url = new URL(s)
  } catch {
    return undefined
  }
  // https://bank.example@evil.example opens evil.example.
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '' || !/^https:\/\/[^/?#@\\]+(?:[/?#]|$)/i.test(s))
    return undefined
  return url.hostname.includes('.') || url.hostname === 'localhost' ? url.href : undefined
}
