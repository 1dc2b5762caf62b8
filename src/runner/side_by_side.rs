//! Several calls that wait for a child, at the same time and bounded.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

/// An `aws` command is a Python that starts: more at once would only wait for the processor.
const AT_ONCE: usize = 6;

/// Does `work` for each of `items` and gives the results in their order.
pub fn side_by_side<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let items: Vec<T> = items.into_iter().collect();
    let workers = items.len().min(AT_ONCE);
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next()
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            while let Some((index, item)) = next() {
                done.push((index, work(item)));
            }
            done
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let doubled = side_by_side(0..50, |number| number * 2);
        assert_eq!(doubled, (0..100).step_by(2).collect::<Vec<_>>());
        assert_eq!(side_by_side(Vec::<u8>::new(), |number| number), [0; 0]);
    }

    #[test]
    fn items_are_worked_on_at_the_same_time() {
        let meeting = std::sync::Barrier::new(2);
        side_by_side(0..2, |_| meeting.wait());
    }
}
