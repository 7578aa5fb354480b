import { ActionIcon, Button, Loader, Progress } from '@mantine/core'
import { IconAlertCircle, IconCircleCheck, IconMicrophone, IconShieldX, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { sizeOf } from '~/files/size'
import type { Item, Tray } from '~/files/tray'
import { iconOf } from './Attached'
import styles from './TrayList.module.css'
import { words } from './words'

const w = words.files

/** What stands by for the next message, and how far each file is. */
export function TrayList({ tray }: { tray: Tray }) {
  const { items } = tray
  return (
    <>
      <p className="p-unseen" role="status">{items.length === 0 ? '' : w.sum(items.filter((one) => one.state === 'ready').length, items.length)}</p>
      {items.length > 0 && (
        <ul className={styles.tray} aria-label={w.list}>
          {items.map((item) => <Row key={item.id} item={item} tray={tray} />)}
        </ul>
      )}
    </>
  )
}

const bad = new Set<Item['state']>(['failed', 'refused', 'quarantined'])

function Row({ item, tray }: { item: Item; tray: Tray }) {
  const wrong = bad.has(item.state)
  const going = item.state === 'sending' || item.state === 'waiting'
  return (
    <li className={styles.item} data-wrong={wrong || undefined}>
      <Small item={item} tray={tray} />
      <div className={styles.what}>
        <strong title={item.name}>{item.name}</strong>
        <span className={styles.state} role={wrong ? 'alert' : undefined}><Mark state={item.state} /><span>{said(item)}</span></span>
        {item.state === 'sending' && <Progress.Root size={4}><Progress.Section value={share(item)} aria-label={w.progress(item.name)} /></Progress.Root>}
      </div>
      {item.state === 'failed' && <Button size="compact-xs" variant="default" aria-label={w.retryOf(item.name)} onClick={() => { tray.retry(item.id) }}>{w.retry}</Button>}
      <ActionIcon variant="subtle" color="gray" size={32} aria-label={going ? w.cancelOf(item.name) : w.removeOf(item.name)} onClick={() => { tray.remove(item.id) }}><IconX size={17} /></ActionIcon>
    </li>
  )
}

/** Of a percentage: what is sent whole is not there yet. */
function share(item: Item): number {
  return Math.min(99, Math.round((100 * item.sent) / Math.max(1, item.size)))
}

function said(item: Item): string {
  switch (item.state) {
    case 'waiting': return w.waiting
    case 'sending': return w.sent(share(item), sizeOf(item.size))
    case 'checking': return w.checking
    case 'ready': return w.ready(sizeOf(item.size))
    case 'quarantined': return w.quarantined
    case 'failed': return item.why ? w.failed(item.why) : w.cut
    case 'refused': return item.why ?? w.refused
  }
}

function Mark({ state }: { state: Item['state'] }) {
  if (state === 'ready') return <IconCircleCheck size={15} aria-hidden className={styles.good} />
  if (state === 'quarantined') return <IconShieldX size={15} aria-hidden />
  if (state === 'checking') return <Loader size={12} aria-hidden />
  return bad.has(state) ? <IconAlertCircle size={15} aria-hidden /> : null
}

const raster = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

/** The picture itself, from the device; for others what they are. */
function Small({ item, tray }: { item: Item; tray: Tray }) {
  const url = useOwn(raster.includes(item.type) && item.state !== 'quarantined' ? tray.fileOf(item.id) : undefined)
  const Icon = item.voice ? IconMicrophone : iconOf({ kind: item.stand?.kind ?? kindOf(item.type), type: item.type })
  return <span className={styles.small} aria-hidden>{url ? <img src={url} alt="" /> : <Icon size={19} />}</span>
}

function kindOf(type: string): 'image' | 'audio' | 'video' | 'document' | 'other' {
  const first = type.split('/')[0]
  if (first === 'image' || first === 'audio' || first === 'video') return first
  return first === 'text' || /pdf|document|sheet|presentation|msword/.test(type) ? 'document' : 'other'
}

function useOwn(file: File | undefined): string | undefined {
  const [url, set] = useState<string>()
  useEffect(() => {
    if (!file) return
    const made = URL.createObjectURL(file)
    set(made)
    return () => {
      URL.revokeObjectURL(made)
      set(undefined)
    }
  }, [file])
  return url
}
