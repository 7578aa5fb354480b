import { Modal } from '@mantine/core'
import { Notice } from '~/look'
import { usePreferences } from '../preferences'
import { useAllCommands } from './commands'
import styles from './Help.module.css'
import { Keys } from './Palette'
import { words } from './words'

/** Every shortcut that works on this page. */
export function Help({ opened, close }: { opened: boolean; close: () => void }) {
  const all = useAllCommands().filter((command) => command.keys)
  const { singleKeys } = usePreferences()
  const groups = [...new Set(all.map((command) => command.group))]
  return (
    <Modal opened={opened} onClose={close} title={words.shortcuts} size="md">
      {!singleKeys && <Notice tone="plain">{words.shortcutsOff}</Notice>}
      {groups.map((group) => (
        <section key={group} className={styles.group}>
          <h3>{group}</h3>
          <dl>
            {all.filter((command) => command.group === group).map((command) => (
              <div key={command.id}>
                <dt>{command.label}</dt>
                <dd>{command.keys && <Keys keys={command.keys} />}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  )
}
