//! Which tools have room in the toolbar's rows. The others are in a menu.

/// What stands in a row: a tool, or several that belong together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    /// CSS pixels that it needs at least; 0 where it does not show at present.
    pub width: f64,
    /// How soon it goes into the menu: the highest first, 0 never, [`ALWAYS`] whatever room there is.
    pub rank: u32,
    /// Its row, where there are several.
    pub row: usize,
}

/// The rank of what is in the menu whatever room there is.
pub const ALWAYS: u32 = 99;

/// From this width of the document on (CSS pixels), all tools stand in one row; below it, in two. A window of 900 has no more beside a scroll bar.
pub const ONE_ROW: f64 = 880.0;

/// Says for each item whether it goes into the menu, so that no row is wider than `room`. `gap` is what lies between two items (CSS pixels).
pub fn surplus(items: &[Item], one_row: bool, room: f64, gap: f64) -> Vec<bool> {
    let mut gone: Vec<bool> = items.iter().map(|item| item.rank == ALWAYS).collect();
    let last = items.iter().map(|item| item.row).max().unwrap_or(0);
    for row in 0..=if one_row { 0 } else { last } {
        loop {
            let there = || (0..items.len()).filter(|&i| !gone[i] && (one_row || items[i].row == row));
            let widths: Vec<f64> = there().map(|i| items[i].width).filter(|&width| width > 0.0).collect();
            let needed = widths.iter().sum::<f64>() + gap * (widths.len().saturating_sub(1)) as f64;
            if needed <= room {
                break;
            }
            let movable = there().filter(|&i| items[i].rank > 0);
            let Some(next) = movable.max_by_key(|&i| items[i].rank) else { break };
            gone[next] = true;
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(width: f64, rank: u32, row: usize) -> Item {
        Item { width, rank, row }
    }

    #[test]
    fn what_matters_least_goes_first_and_what_must_stay_stays() {
        let items = [item(100.0, 0, 0), item(40.0, 2, 0), item(40.0, 1, 0), item(60.0, 0, 1), item(40.0, 9, 1)];
        let gone = |one_row, room| surplus(&items, one_row, room, 0.0);
        assert_eq!(gone(true, 280.0), [false; 5], "all have room in one row");
        assert_eq!(gone(true, 279.0), [false, false, false, false, true]);
        assert_eq!(gone(true, 200.0), [false, true, false, false, true]);
        assert_eq!(gone(false, 180.0), [false; 5], "in two rows, each has this room");
        assert_eq!(gone(false, 179.0), [false, true, false, false, false], "each row gives up its own");
        assert_eq!(gone(false, 10.0), [false, true, true, false, true]);
        assert_eq!(surplus(&[], true, 100.0, 4.0), [false; 0]);
        assert_eq!(surplus(&[item(10.0, ALWAYS, 0), item(10.0, 98, 0)], true, 100.0, 4.0), [true, false]);
    }

    #[test]
    fn gaps_count_and_what_does_not_show_needs_none() {
        let items = [item(40.0, 0, 0), item(0.0, 3, 0), item(40.0, 1, 0)];
        assert_eq!(surplus(&items, true, 90.0, 10.0), [false; 3]);
        assert_eq!(surplus(&items, true, 89.0, 10.0), [false, true, true]);
    }

    proptest! {
        #[test]
        fn rows_fit_wherever_they_can_and_more_room_takes_nothing_away(
            items in prop::collection::vec((0.0..120.0f64, 0..6u32, 0..2usize), 0..12), room in 0.0..900.0f64, one_row: bool
        ) {
            let items: Vec<Item> = items.into_iter().map(|(width, rank, row)| item(width, rank, row)).collect();
            let gone = surplus(&items, one_row, room, 4.0);
            for row in 0..2 {
                let there: Vec<&Item> = items.iter().zip(&gone)
                    .filter(|(item, gone)| !**gone && (one_row || item.row == row)).map(|(item, _)| item).collect();
                let shown: Vec<f64> = there.iter().map(|item| item.width).filter(|width| *width > 0.0).collect();
                let needed = shown.iter().sum::<f64>() + 4.0 * (shown.len().max(1) - 1) as f64;
                prop_assert!(needed <= room || there.iter().all(|item| item.rank == 0));
            }
            for (now, roomier) in gone.iter().zip(surplus(&items, one_row, room + 50.0, 4.0)) {
                prop_assert!(*now || !roomier);
            }
        }
    }
}
