'use client';
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { useId } from 'react';
import { durationInWords } from '../../clock/durations.ts';

/** What is chosen: seconds, or `custom` with the text beside it. */
export type ChosenDuration = number | 'custom';

interface DurationChipsProps {
  label: string;
  offered: readonly number[];
  chosen: ChosenDuration;
  onChoose: (chosen: ChosenDuration) => void;
  custom?: boolean;
}

/** A few durations as chips, one of them chosen; arrows move, as in any radio group. */
export function DurationChips({ label, offered, chosen, onChoose, custom = true }: DurationChipsProps) {
  const id = useId();
  const choices: ChosenDuration[] = custom ? [...offered, 'custom'] : [...offered];
  return (
    <div>
      <p id={id} className="mb-1 text-sm font-medium text-ink">
        {label}
      </p>
      <RadioGroup
        aria-labelledby={id}
        value={chosen}
        onValueChange={(next) => onChoose(next)}
        className="flex gap-2"
      >
        {choices.map((choice) => {
          const words = choice === 'custom' ? 'Other' : durationInWords(choice);
          return (
            <Radio.Root
              key={choice}
              value={choice}
              aria-label={words}
              className="flex h-9 flex-1 cursor-pointer items-center justify-center rounded-md border border-line-strong bg-panel px-2 text-sm font-medium text-ink-2 transition-colors duration-100 hover:bg-hover data-checked:border-accent data-checked:bg-accent-soft data-checked:text-accent"
            >
              {words}
            </Radio.Root>
          );
        })}
      </RadioGroup>
    </div>
  );
}
