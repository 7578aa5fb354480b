import { Link } from '@tanstack/react-router'
import { may, useMe } from '../session'
import styles from './Log.module.css'
import { words } from './words'

/** The way from a card to what was changed there, for those who may read it. */
export function Log({ element, about }: { element: string; about: string }) {
  if (!may(useMe(), 'audit.view')) return null
  return <p className={styles.log}><Link to="/admin/audit" search={{ element }} aria-label={`${words.log}: ${about}`}>{words.log}</Link></p>
}
