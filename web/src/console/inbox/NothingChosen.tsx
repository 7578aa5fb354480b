import { IconMessages } from '@tabler/icons-react'
import { Empty } from '~/look'
import { usePreferences } from '../preferences'
import styles from './Inbox.module.css'
import { words } from './words'

/** Stands where the conversation will be. */
export function NothingChosen({ empty }: { empty: boolean }) {
  const { singleKeys } = usePreferences()
  return (
    <section className={styles.nothing} aria-label={words.chooseTitle}>
      {!empty && <Empty icon={<IconMessages size={26} />} title={words.chooseTitle}>
        {singleKeys ? words.chooseText : words.chooseTextPlain}
      </Empty>}
    </section>
  )
}
