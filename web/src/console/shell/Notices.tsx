import { IconClock, IconShieldLock, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { date } from '../format'
import { useNow } from '../now'
import { useMe } from '../session'
import { daysLeft } from './expiry'
import styles from './Shell.module.css'
import { words } from './words'

const shelf = 'parlatory.notice'

/** What the workspace wants this person to see to: a password that grows old, a second factor that is missing. */
export function Notices() {
  const me = useMe()
  const now = useNow()
  const left = me.password_expires_at ? daysLeft(me.password_expires_at, now) : undefined
  return (
    <>
      {left !== undefined && me.password_expires_at && (
        <p className={styles.banner}>
          <IconClock size={17} aria-hidden />
          <span>{words.expires(left, date(me.password_expires_at))} <Link to="/me" hash="password">{words.expiresLink}</Link></span>
        </p>
      )}
      {me.needs_factor_message && <Wanted text={me.needs_factor_message} company={me.workspace.company} />}
    </>
  )
}

/** The workspace's own words to those without a factor. Read once, it can be put away for this session. */
function Wanted({ text, company }: { text: string; company: string }) {
  const [away, setAway] = useState(() => sessionStorage.getItem(shelf) === text)
  if (away) return null
  const put = () => {
    sessionStorage.setItem(shelf, text)
    setAway(true)
  }
  return (
    <div className={styles.wanted} role="note">
      <IconShieldLock size={17} aria-hidden />
      <span><strong>{words.from(company)}</strong> {text} <Link to="/me" hash="factors">{words.addFactor}</Link></span>
      <button type="button" aria-label={words.putAway} onClick={put}><IconX size={16} aria-hidden /></button>
    </div>
  )
}
