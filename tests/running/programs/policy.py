import random
from collections import deque, namedtuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical, Normal

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class Walk:
    def reset(self):
        self.position = self.time = 0
        return np.zeros(2, dtype=np.float32)

    def step(self, action):
        self.position += 1 if action else -1
        self.time += 1
        return np.array([self.position, self.time], dtype=np.float32), float(self.position > 0), self.time >= 8


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 16)
        self.actor = nn.Linear(16, 2)
        self.log_probs, self.rewards = [], []

    def forward(self, x):
        return F.softmax(self.actor(F.relu(self.hidden(x))), dim=1)


env, policy = Walk(), Policy()
optimizer = optim.Adam(policy.parameters(), lr=1e-2)
memory = deque([], maxlen=100)
eps = np.finfo(np.float32).eps.item()
for episode in range(3):
    state, done = env.reset(), False
    while not done:
        probs = policy(torch.from_numpy(state).float().unsqueeze(0))
        chosen = Categorical(probs)
        action = chosen.sample()
        policy.log_probs.append(chosen.log_prob(action))
        after, reward, done = env.step(action.item())
        policy.rewards.append(reward)
        memory.append(
            Transition(torch.tensor(state)[None], action.view(1, 1), torch.tensor(after)[None], torch.tensor([reward]))
        )
        state = after
    R, returns = 0, deque()
    for r in policy.rewards[::-1]:
        R = r + 0.99 * R
        returns.appendleft(R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    loss = torch.cat([-p * r for p, r in zip(policy.log_probs, returns)]).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    del policy.rewards[:], policy.log_probs[:]
    print("Episode {}\tsteps {}".format(episode, len(returns)), loss.shape)

q, target = nn.Linear(2, 2), nn.Linear(2, 2)
target.load_state_dict(q.state_dict())
optimizer = optim.RMSprop(q.parameters())
for _ in range(3):
    batch = Transition(*zip(*random.sample(memory, 8)))
    states, actions, rewards = torch.cat(batch.state), torch.cat(batch.action), torch.cat(batch.reward)
    value = q(states).gather(1, actions)
    with torch.no_grad():
        best = target(torch.cat(batch.next_state)).max(1).values
    loss = nn.SmoothL1Loss()(value, (best * 0.9 + rewards).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(q.parameters(), 1)
    optimizer.step()
    for a, b in zip(target.parameters(), q.parameters()):
        a.data.copy_(0.9 * a.data + 0.1 * b.data)
print(value.shape, rewards.dtype, Normal(torch.zeros(2), 1.0), Categorical(torch.tensor([1.0, 1.0])).entropy())
