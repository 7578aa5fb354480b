import { useQueryClient } from '@tanstack/react-query'
import { IconLock } from '@tabler/icons-react'
import { useEffect, useSyncExternalStore } from 'react'
import { api, onOutage, outage, reopened, take } from '~/api'
import styles from './Shell.module.css'
import { words } from './words'

const lookEach = 10_000

/** Says above every page that the workspace's keys are out of reach, and looks whether they are back. */
export function Closed() {
  const why = useSyncExternalStore(onOutage, outage)
  const client = useQueryClient()
  const closed = why !== undefined
  useEffect(() => {
    if (!closed) return
    const timer = window.setInterval(() => {
      take(api.GET('/api/v1/me')).then(() => {
        reopened()
        return client.invalidateQueries()
      }).catch(() => undefined) // still closed
    }, lookEach)
    return () => { window.clearInterval(timer) }
  }, [closed, client])
  return (
    <div role="status" aria-live="polite">
      {closed && <p className={styles.banner}><IconLock size={17} aria-hidden /><span><strong>{words.closed}</strong> {why}</span></p>}
    </div>
  )
}
