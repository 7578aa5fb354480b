import { Button, Loader } from '@mantine/core'
import { IconCompass, IconLock, IconMoodSad } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Component, type ReactNode } from 'react'
import { Empty } from '~/look'
import { useMe } from '../session'
import styles from './States.module.css'
import { words } from './words'

/** A page that the person's role does not include. */
export function NoPermission() {
  const me = useMe()
  return (
    <div className={styles.middle}>
      <h1 className="p-unseen">{words.noPermissionTitle}</h1>
      <Empty icon={<IconLock size={26} />} title={words.noPermissionTitle} action={<ToInbox />}>
        {words.noPermissionText(me.role)}
      </Empty>
    </div>
  )
}

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <div className={styles.middle}>
      <h1 className="p-unseen">{words.lostTitle}</h1>
      <Empty icon={<IconCompass size={26} />} title={words.lostTitle} action={<ToInbox />}>{words.lostText}</Empty>
    </div>
  )
}

function ToInbox() {
  return <Button variant="default" renderRoot={(props) => <Link to="/inbox" {...props} />}>{words.toInbox}</Button>
}

/** A page that broke. The rest of the program stands. */
export function Crashed() {
  return (
    <div role="alert" className={styles.middle}>
      <h1 className="p-unseen">{words.crashTitle}</h1>
      <Empty
        icon={<IconMoodSad size={26} />}
        title={words.crashTitle}
        action={<Button onClick={() => { location.reload() }}>{words.reload}</Button>}
      >
        {words.crashText}
      </Empty>
    </div>
  )
}

/** Catches what breaks outside of any page. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }
  static getDerivedStateFromError() {
    return { broken: true }
  }
  override render() {
    return this.state.broken ? <main><Crashed /></main> : this.props.children
  }
}

export function Waiting() {
  return (
    <div role="status" aria-label={words.loading} className={styles.middle}>
      <Loader size="sm" />
    </div>
  )
}
