import { IconAlertCircle, IconCheck, IconX } from '@tabler/icons-react'
import { useSyncExternalStore } from 'react'
import styles from './Toasts.module.css'
import { words } from './words'

interface Toast {
  id: number
  tone: 'good' | 'bad'
  text: string
}

let shown: readonly Toast[] = []
let next = 1
const listeners = new Set<() => void>()

function set(list: readonly Toast[]): void {
  shown = list
  for (const listener of listeners) listener()
}

const drop = (id: number) => { set(shown.filter((toast) => toast.id !== id)) }

/** Tells the person what happened. It is read out politely, and stays long enough to be read (WCAG 2.2, 4.1.3). */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = next++
  set([...shown.filter((other) => other.text !== text).slice(-2), { id, tone, text }])
  window.setTimeout(() => { drop(id) }, tone === 'bad' ? 10_000 : 5_000)
}

/** The live region. It stands in the page from the start, since screen readers ignore regions that come late. */
export function Toasts() {
  const list = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => shown,
  )
  return (
    <div className={styles.stack} role="status" aria-live="polite" aria-relevant="additions">
      {list.map((item) => (
        <div key={item.id} className={styles.toast} data-tone={item.tone}>
          {item.tone === 'good' ? <IconCheck size={18} aria-hidden /> : <IconAlertCircle size={18} aria-hidden />}
          <span>{item.text}</span>
          <button type="button" className={styles.drop} aria-label={words.dismiss} onClick={() => { drop(item.id) }}>
            <IconX size={16} aria-hidden />
          </button>
        </div>
      ))}
    </div>
  )
}
