import { Modal } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useId, useState } from 'react'
import { Key } from '~/look'
import { type Command, useAllCommands } from './commands'
import { spell } from './keys'
import styles from './Palette.module.css'
import { words } from './words'

/** The keys of a command as they are printed. */
export function Keys({ keys }: { keys: string }) {
  const chain = keys.includes(' ')
  return (
    <span className={styles.keys}>
      {spell(keys).map((key, i) => (
        <span key={key}>
          {i > 0 && chain && <span className={styles.then}> {words.then} </span>}
          <Key>{key}</Key>
        </span>
      ))}
    </span>
  )
}

/** Finds and gives any command, and shows its shortcut beside it, so that one learns it on the way. */
export function Palette({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title={words.commands} centered={false} size="lg" yOffset="12vh" padding="sm">
      {opened && <Finder close={close} />}
    </Modal>
  )
}

function Finder({ close }: { close: () => void }) {
  const all = useAllCommands()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const needle = text.trim().toLowerCase()
  const found = all.filter((command) => `${command.label} ${command.find ?? ''} ${command.group}`.toLowerCase().includes(needle))
  const chosen = found[Math.min(at, found.length - 1)]

  function give(command: Command | undefined): void {
    if (!command) return
    close()
    // The dialog gives focus back first; the command may want it elsewhere.
    window.setTimeout(() => { command.run() }, 30)
  }
  function onKey(event: React.KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && found.length > 0) {
      event.preventDefault()
      setAt((Math.min(at, found.length - 1) + step + found.length) % found.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      give(chosen)
    }
  }

  return (
    <>
      <div className={styles.search}>
        <IconSearch size={18} aria-hidden />
        <input
          data-autofocus
          role="combobox"
          aria-expanded
          aria-controls={id}
          aria-autocomplete="list"
          aria-label={words.commandsHint}
          aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
          placeholder={words.commandsHint}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKey}
        />
      </div>
      <div className={styles.list} role="listbox" id={id} aria-label={words.commands}>
        {found.map((command) => (
          // The keyboard acts on the field above (aria-activedescendant); this is for the mouse.
          <div
            key={command.id}
            id={`${id}-${command.id}`}
            role="option"
            aria-selected={command === chosen}
            className={styles.option}
            ref={(node) => { if (command === chosen) node?.scrollIntoView({ block: 'nearest' }) }}
            onClick={() => { give(command) }}
            onMouseMove={() => { setAt(found.indexOf(command)) }}
          >
            <span>{command.label}</span>
            <span className={styles.group}>{command.group}</span>
            {command.keys ? <Keys keys={command.keys} /> : <span />}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className={styles.none} role="status">{words.noCommand}</p>}
    </>
  )
}
