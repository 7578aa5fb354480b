// The policies come as a small part of Markdown: headings, paragraphs, lists. It is read into blocks of plain text,
// and the one who shows them makes elements with text in them; there is no way for markup to get through.

export interface Block {
  kind: 'heading' | 'paragraph' | 'list'
  lines: string[]
  level: number
}

export function blocks(markdown: string): Block[] {
  const out: Block[] = []
  let open: Block | undefined
  for (const raw of markdown.replace(/\r\n?/g, '\n').split('\n')) {
    const line = raw.trim()
    const heading = /^(#{1,6})\s+(.*)$/.exec(line)
    const item = /^(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line)
    if (line === '') open = undefined
    else if (heading) {
      out.push({ kind: 'heading', lines: [plain(heading[2] ?? '')], level: heading[1]?.length ?? 1 })
      open = undefined
    } else if (item) {
      if (open?.kind !== 'list') out.push((open = { kind: 'list', lines: [], level: 0 }))
      open.lines.push(plain(item[1] ?? ''))
    } else if (open) open.lines[open.lines.length - 1] = `${open.lines[open.lines.length - 1] ?? ''} ${plain(line)}`
    else out.push((open = { kind: 'paragraph', lines: [plain(line)], level: 0 }))
  }
  return out
}

/** Emphasis and code marks are dropped; [words](https://address) keeps its words and its address. */
function plain(s: string): string {
  return s
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, words: string, to: string) => (words === to ? to : `${words} (${to})`))
    .replace(/(\*\*|__|`)(.+?)\1/g, '$2')
    .replace(/(^|\s)[*_]([^*_]+)[*_](?=[\s.,;:!?)]|$)/g, '$1$2')
}
