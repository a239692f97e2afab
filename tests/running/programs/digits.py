import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset, random_split


class Digits(Dataset):
    def __init__(self, transform=None):
        self.images, self.labels = load_digits(return_X_y=True)
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index].reshape(1, 8, 8).astype("float32") / 16
        if self.transform:
            image = self.transform(image)
        return torch.from_numpy(image), self.labels[index]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, kernel_size=3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.1)
        self.fc = nn.Linear(8 * 4 * 4, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.bn(self.conv(x))))
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc(self.dropout(x)), dim=1)


def train(args, model, device, loader, optimizer, epoch):
    model.train()
    for batch, (data, target) in enumerate(loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if batch % args.log_interval == 0:
            print(
                "Train Epoch: {} [{}/{} ({:.0f}%)]\tLoss: {:.6f}".format(
                    epoch, batch * len(data), len(loader.dataset), 100.0 * batch / len(loader), loss.item()
                )
            )


def test(model, device, loader):
    model.eval()
    loss, correct = 0, 0
    truth, guesses = [], []
    with torch.no_grad():
        for data, target in loader:
            output = model(data.to(device))
            loss += F.nll_loss(output, target, reduction="sum").item()
            pred = output.argmax(dim=1, keepdim=True)
            correct += pred.eq(target.view_as(pred)).sum().item()
            truth.extend(target)
            guesses.extend(pred.squeeze(1))
    loss /= len(loader.dataset)
    print(f"\nTest set: Average loss: {loss:.4f}, Accuracy: {correct}/{len(loader.dataset)}\n")
    print(confusion_matrix(truth, guesses).shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--log-interval", type=int, default=10)
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.backends.cudnn.deterministic = True
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dataset = Digits()
    train_set, test_set = random_split(dataset, [1500, 297], generator=torch.Generator().manual_seed(0))
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True, num_workers=2)
    test_loader = DataLoader(test_set, batch_size=100)
    images, labels = next(iter(train_loader))
    print(images.shape, labels.shape, images.dtype, labels.dtype)
    model = Net().to(device)
    print(model, sum(p.numel() for p in model.parameters() if p.requires_grad))
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
    for epoch in range(1, args.epochs + 1):
        train(args, model, device, train_loader, optimizer, epoch)
        test(model, device, test_loader)
        scheduler.step()
        print(scheduler.get_last_lr(), optimizer)
    torch.save(model.state_dict(), "digits.pt")
    again = Net()
    print(again.load_state_dict(torch.load("digits.pt", map_location=device)))
    image, label = test_set[0]
    print(torch.equal(again.eval()(image[None]), model.eval()(image[None])), type(label))


if __name__ == "__main__":
    main()
