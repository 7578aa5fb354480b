import { Button, Checkbox } from '@mantine/core'
import { IconCopy, IconDownload, IconPrinter } from '@tabler/icons-react'
import { useState } from 'react'
import { toast } from '~/look'
import styles from './proof.module.css'
import { words } from './words'

const w = words.recovery

/** The codes, once. Whoever goes on has said that they are kept. */
export function Recovery({ codes, done, next = w.next }: { codes: readonly string[]; done: () => void; next?: string }) {
  const [kept, setKept] = useState(false)
  const [missing, setMissing] = useState(false)
  const { host } = location
  const text = () => [...w.file(host, new Date()), '', ...codes, ''].join('\n')
  return (
    <div className={`${styles.stack ?? ''} ${styles.sheet ?? ''}`}>
      <p className={`${styles.text ?? ''} ${styles.screen ?? ''}`}>{w.lead}</p>
      <div className={styles.paper}>{w.file(host, new Date()).map((line) => <p key={line}>{line}</p>)}</div>
      <ol className={styles.codes} aria-label={w.list}>{codes.map((code) => <li key={code}>{code}</li>)}</ol>
      <div className={`${styles.row ?? ''} ${styles.screen ?? ''}`}>
        <Button variant="default" size="xs" leftSection={<IconCopy size={16} aria-hidden />}
          onClick={() => { navigator.clipboard.writeText(text()).then(() => { toast(w.copied) }, () => { toast(w.copyFailed, 'bad') }) }}>{w.copy}</Button>
        <Button variant="default" size="xs" leftSection={<IconDownload size={16} aria-hidden />} onClick={() => { save(text(), w.fileName(host)) }}>{w.download}</Button>
        <Button variant="default" size="xs" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => { window.print() }}>{w.print}</Button>
      </div>
      <form className={`${styles.stack ?? ''} ${styles.screen ?? ''}`} noValidate onSubmit={(event) => { event.preventDefault(); if (kept) done(); else setMissing(true) }}>
        <Checkbox label={w.kept} checked={kept} error={missing && !kept ? w.keptFirst : undefined} onChange={(event) => { setKept(event.currentTarget.checked) }} />
        <Button type="submit" size="md" fullWidth variant={kept ? 'filled' : 'default'}>{next}</Button>
      </form>
    </div>
  )
}

/** Hands a text to the browser's downloads. It never leaves this machine. */
function save(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = Object.assign(document.createElement('a'), { href: address, download: name })
  link.click()
  window.setTimeout(() => { URL.revokeObjectURL(address) }, 10_000)
}
